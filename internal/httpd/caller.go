package httpd

import (
	"context"
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"leat/internal/api"
	"leat/internal/auth"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/session"
	"leat/internal/sigv4"
	"leat/internal/stream"
)

// identify finds out on whose behalf a request is made. The region is that of
// the signature's scope.
func (h *Handler) identify(ctx context.Context, x *exchange) *api.Error {
	x.caller = service.Caller{Account: h.cfg.Account, Region: h.cfg.Region, Secure: isSecure(ctx)}
	params := query(x.URL)
	signature, err := sigv4.Parse(sigv4.Request{
		Authorization: x.Header.Get("Authorization"),
		HasDate:       x.Header.Get("X-Amz-Date") != "" || x.Header.Get("Date") != "",
		Query:         params,
	})
	if err != nil {
		refusal := authError(err)
		if h.cfg.Auth != nil {
			h.reportForgery(ctx, x, "", refusal)
		}
		return refusal
	}
	if h.cfg.Auth != nil {
		refusal := h.authenticate(x, &signature, x.message(params))
		if refusal != nil {
			h.reportForgery(ctx, x, signature.AccessKeyID, refusal)
		}
		return refusal
	}
	if err := h.believe(x, &signature, params); err != nil {
		return err
	}
	if signature.Region == "" {
		return nil
	}
	return x.callFrom(signature.Region)
}

// believe takes any credentials for those of an account, or of a session that
// was begun here. A key id of 12 digits is the account. Sessions end in time
// here, too.
func (h *Handler) believe(x *exchange, s *sigv4.Signature, params url.Values) *api.Error {
	switch {
	case session.IsKeyID(s.AccessKeyID):
		known, ok := h.session(s, x.message(params))
		if !ok {
			break
		}
		if !h.cfg.Now().Before(known.Expires) {
			return authError(sigv4.Expired())
		}
		x.caller.Principal, x.caller.Account = known.Principal(), known.Role.Account
		return nil
	case stream.ValidAccount(s.AccessKeyID):
		x.caller.Account = s.AccessKeyID
	}
	x.caller.Principal = h.rootOf(x.caller.Account)
	return nil
}

// session opens the session token of a message, if it has one that was made here
// for the access key of the signature.
func (h *Handler) session(s *sigv4.Signature, m *sigv4.Message) (*session.Session, bool) {
	if h.cfg.Sessions == nil {
		return nil, false
	}
	return h.cfg.Sessions.Open(s.AccessKeyID, s.SessionToken(m))
}

// rootOf is the principal that an account itself is.
func (h *Handler) rootOf(account string) policy.Principal {
	if account == h.root.Account {
		return h.root
	}
	return rootOf(account)
}

func rootOf(account string) policy.Principal {
	return policy.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
}

// callFrom sets the caller's region.
func (x *exchange) callFrom(region string) *api.Error {
	if !stream.ValidRegion(region) {
		return api.Errorf(api.InvalidSignature, "Credential should be scoped to a valid region. ")
	}
	x.caller.Region = region
	return nil
}

// authenticate verifies a signature, and finds whose key made it.
func (h *Handler) authenticate(x *exchange, s *sigv4.Signature, m *sigv4.Message) *api.Error {
	key, ok := h.key(s, m)
	if !ok {
		return authError(sigv4.Unrecognized())
	}
	if err := x.callFrom(s.Region); err != nil {
		return err
	}
	if err := x.service.verifier.Verify(s, m, key.Key, h.cfg.Now()); err != nil {
		return authError(err)
	}
	x.principal = key.Principal
	x.caller.Principal = key.Principal.Principal
	x.caller.Account = key.Principal.Account
	x.caller.CrossAccount = true // authorize decides
	return nil
}

// key finds the access key of a signature: one of the directory, or that of a
// session whose token the message has.
func (h *Handler) key(s *sigv4.Signature, m *sigv4.Message) (*auth.Key, bool) {
	directory := h.cfg.Auth()
	if key, ok := directory.Key(s.AccessKeyID); ok {
		return key, true
	}
	known, ok := h.session(s, m)
	if !ok {
		return nil, false
	}
	principal, ok := directory.SessionPrincipal(known)
	if !ok {
		return nil, false
	}
	return &auth.Key{
		ID:        s.AccessKeyID,
		Key:       sigv4.Key{Secret: known.Secret(), SessionToken: s.SessionToken(m), Expires: known.Expires},
		Principal: principal,
	}, true
}

// message is the request as its signature covers it.
func (x *exchange) message(params url.Values) *sigv4.Message {
	return &sigv4.Message{
		Method: x.Method, Path: x.URL.EscapedPath(), Query: params,
		Header: x.signedHeader, Body: x.body.b,
	}
}

// signedHeader returns the values of a header as the client has signed it.
// net/http takes some out of the map.
func (x *exchange) signedHeader(name string) []string {
	switch name {
	case "host":
		return []string{x.Host}
	case "content-length":
		return []string{strconv.FormatInt(x.ContentLength, 10)}
	case "transfer-encoding":
		return x.TransferEncoding
	}
	return x.Header[textproto.CanonicalMIMEHeaderKey(name)]
}

func authError(err error) *api.Error {
	var e *sigv4.Error
	if !errors.As(err, &e) {
		return api.Errorf(api.IncompleteSignature, "%v", err)
	}
	return &api.Error{Code: e.Code, Message: e.Message, Status: http.StatusBadRequest}
}

// query returns all parameters of a query. Those that url.ParseQuery passes over,
// with a semicolon or a wrong escape, are there as well: no signature would cover
// them otherwise, though the query protocol may understand them.
func query(u *url.URL) url.Values {
	if u.RawQuery == "" {
		return nil
	}
	params := make(url.Values)
	for param := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(param, "=")
		if param != "" {
			params.Add(unescape(name), unescape(value))
		}
	}
	return params
}

// unescape returns what a text of a query stands for: itself, if an escape in it is
// none.
func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
