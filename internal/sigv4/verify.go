package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	// maxSkew is how far a request's time may be from the server's.
	maxSkew = 5 * time.Minute
	// maxExpires is the longest time that a presigned request may be good for.
	maxExpires = 7 * 24 * time.Hour

	// maxSignedHeaders is more than any client signs.
	maxSignedHeaders = 100

	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"
)

// Key is a secret key and what is sent beside it.
type Key struct {
	Secret       string
	SessionToken string    // empty if it has none
	Expires      time.Time // zero if it does not
}

// Verifier verifies the signatures of requests to a service. It may be used
// concurrently.
type Verifier struct {
	service string
	keys    signingKeys
}

// NewVerifier returns a verifier for the service of a credential scope.
func NewVerifier(service string) *Verifier { return &Verifier{service: service} }

// Unrecognized is the answer to an access key id that does not exist.
func Unrecognized() *Error {
	return &Error{CodeUnrecognized, "The security token included in the request is invalid."}
}

// Expired is the answer to a session token that has expired.
func Expired() *Error {
	return &Error{CodeExpiredToken, "The security token included in the request is expired"}
}

// Verify returns nil if a message was signed with a key, is for the verifier's
// service and is of now, and else an *Error in the words of AWS.
func (v *Verifier) Verify(s *Signature, m *Message, key Key, now time.Time) error {
	if err := checkToken(s, m, key, now); err != nil {
		return err
	}
	signed, at, err := signingTime(s, m)
	if err != nil {
		return err
	}
	if err := v.checkScope(s, at); err != nil {
		return err
	}
	if err := checkAge(s, m, at, now); err != nil {
		return err
	}
	if err := checkCovered(s, m, signed); err != nil {
		return err
	}
	scope := scope{key.Secret, s.Date, s.Region, s.Service}
	signingKey, cached := v.keys.get(scope)
	if !cached {
		signingKey = scope.derive()
	}
	want := signature(signingKey, s, m, at)
	if subtle.ConstantTimeCompare([]byte(want), []byte(s.Hex)) != 1 {
		return &Error{CodeInvalid, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	}
	if !cached {
		// Only now, so that nobody fills the cache who cannot sign.
		v.keys.put(scope, signingKey)
	}
	return nil
}

// signature returns the signature in hexadecimal.
func signature(key []byte, s *Signature, m *Message, at time.Time) string {
	canonical := sha256.Sum256(appendCanonical(make([]byte, 0, 1<<10), m, s.SignedHeaders))
	text := make([]byte, 0, 256)
	text = append(text, algorithm+"\n"...)
	text = at.AppendFormat(text, timeFormat)
	text = append(text, "\n"+s.Date+"/"+s.Region+"/"+s.Service+"/"+terminator+"\n"...)
	text = hex.AppendEncode(text, canonical[:])
	return hex.EncodeToString(sum(key, string(text)))
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum(nil)
}

// checkToken checks the session token: a key has to come with its own, and a
// key that has none without.
func checkToken(s *Signature, m *Message, key Key, now time.Time) error {
	if subtle.ConstantTimeCompare([]byte(s.SessionToken(m)), []byte(key.SessionToken)) != 1 {
		return Unrecognized()
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return Expired()
	}
	return nil
}

// SessionToken returns the session token that a message comes with, "" for none.
func (s *Signature) SessionToken(m *Message) string {
	token := first(m.Header("x-amz-security-token"))
	if s.Presigned && token == "" {
		token = m.Query.Get(querySecurityToken)
	}
	return token
}

// signingTime returns when a message says that it was signed, and the header
// that says so, which is none if it is presigned.
func signingTime(s *Signature, m *Message) (header string, at time.Time, err error) {
	if s.Presigned {
		at, err = parseTime(m.Query.Get(queryDate))
		return "", at, err
	}
	for _, header := range []string{"x-amz-date", "date"} {
		if text := first(m.Header(header)); text != "" {
			at, err := parseTime(text)
			return header, at, err
		}
	}
	at, err = parseTime("")
	return "", at, err
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{timeFormat, time.RFC1123} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &Error{CodeIncomplete, "Date must be in ISO-8601 'basic format'. Got '" + text +
		"'. See http://en.wikipedia.org/wiki/ISO_8601"}
}

func (v *Verifier) checkScope(s *Signature, at time.Time) error {
	switch {
	case s.Algorithm != algorithm:
		return &Error{CodeIncomplete, "Unsupported AWS 'algorithm': '" + s.Algorithm + "'."}
	case s.Service != v.service:
		return &Error{CodeInvalid, "Credential should be scoped to correct service: '" + v.service + "'. "}
	case s.Terminator != terminator:
		return &Error{CodeInvalid, "Credential should be scoped with a valid terminator: '" + terminator +
			"', not '" + s.Terminator + "'. "}
	case s.Date != at.Format(dateFormat):
		return &Error{CodeInvalid, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			s.Date + "' != '" + at.Format(dateFormat) + "', from '" + at.Format(timeFormat) + "'."}
	}
	return nil
}

// checkAge refuses a message of another time. SDKs that read these texts correct
// their clock by the answer's Date.
func checkAge(s *Signature, m *Message, at, now time.Time) error {
	life := maxSkew
	if text := m.Query.Get(queryExpires); s.Presigned && text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		life = time.Duration(seconds) * time.Second
		if err != nil || seconds < 1 || life > maxExpires {
			return &Error{CodeIncomplete, "X-Amz-Expires must be a number of seconds between 1 and 604800. "}
		}
	}
	text := func(t time.Time) string { return t.UTC().Format(timeFormat) }
	switch {
	case at.Before(now.Add(-life)):
		return &Error{CodeInvalid, "Signature expired: " + text(at) + " is now earlier than " + text(now.Add(-life)) +
			" (" + text(now) + " - " + minutes(life) + ")"}
	case at.After(now.Add(maxSkew)):
		return &Error{CodeInvalid, "Signature not yet current: " + text(at) + " is still later than " + text(now.Add(maxSkew)) +
			" (" + text(now) + " + " + minutes(maxSkew) + ")"}
	}
	return nil
}

// minutes is a duration as AWS writes it.
func minutes(d time.Duration) string {
	if d%time.Minute != 0 {
		return strconv.Itoa(int(d/time.Second)) + " sec."
	}
	return strconv.Itoa(int(d/time.Minute)) + " min."
}

// checkCovered requires that the signature covers what leads to the operation:
// the host, the target and the header with the time. More cannot be required,
// as proxies add X-Amz-* headers of their own.
func checkCovered(s *Signature, m *Message, timeHeader string) error {
	if !s.namesHeadersOnce() {
		return &Error{CodeInvalid, "The 'SignedHeaders' in the AWS Authorization must be different names, " +
			strconv.Itoa(maxSignedHeaders) + " at most."}
	}
	if !s.covers("host") {
		return &Error{CodeInvalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	for _, name := range []string{"x-amz-target", timeHeader} {
		if name != "" && len(m.Header(name)) > 0 && !s.covers(name) {
			return &Error{CodeInvalid, "'" + name + "' must be a 'SignedHeader' in the AWS Authorization."}
		}
	}
	return nil
}

// namesHeadersOnce reports whether no header is named again. With a few letters
// each, a long one could otherwise be made to be hashed thousands of times.
func (s *Signature) namesHeadersOnce() bool {
	if strings.Count(s.SignedHeaders, ";") >= maxSignedHeaders {
		return false
	}
	for rest, more := s.SignedHeaders, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ";")
		for other := range strings.SplitSeq(rest, ";") {
			if more && other == name {
				return false
			}
		}
	}
	return true
}

func (s *Signature) covers(header string) bool {
	for name := range strings.SplitSeq(s.SignedHeaders, ";") {
		if name == header {
			return true
		}
	}
	return false
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
