package session

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

const flagAuthorized = 1

// maxPolicyBytes bounds what a policy inflates to: more than STS takes.
const maxPolicyBytes = 64 << 10

// appendPlain appends what is sealed, but the padding.
func (s *Session) appendPlain(b []byte) ([]byte, error) {
	var flags byte
	if s.Authorized {
		flags |= flagAuthorized
	}
	packed, err := deflate(s.PolicyText)
	if err != nil {
		return nil, err
	}
	b = append(b, flags)
	for _, at := range [...]time.Time{s.Issued, s.Expires} {
		b = binary.BigEndian.AppendUint64(b, uint64(at.Unix()))
	}
	b = append(b, s.secret[:]...)
	for _, text := range [][]byte{[]byte(s.Role.ARN), []byte(s.Name), packed} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b, nil
}

// parsePlain reads what appendPlain appended. It is false for anything else.
func parsePlain(b []byte) (*Session, bool) {
	const head = 1 + 8 + 8 + secretBytes
	if len(b) < head || b[0]&^flagAuthorized != 0 {
		return nil, false
	}
	s := &Session{
		Authorized: b[0]&flagAuthorized != 0,
		Issued:     time.Unix(int64(binary.BigEndian.Uint64(b[1:])), 0).UTC(),
		Expires:    time.Unix(int64(binary.BigEndian.Uint64(b[9:])), 0).UTC(),
	}
	copy(s.secret[:], b[17:])
	b = b[head:]
	var texts [3][]byte
	for i := range texts {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return nil, false
		}
		texts[i], b = b[used:used+int(n)], b[used+int(n):]
	}
	if len(bytes.Trim(b, "\x00")) > 0 {
		return nil, false
	}
	var ok bool
	if s.Role, ok = ParseRole(string(texts[0])); !ok {
		return nil, false
	}
	s.Name = string(texts[1])
	return s, s.inflatePolicy(texts[2])
}

// inflatePolicy sets the policy. It is false if that cannot be read: a session
// without its limits would be allowed more.
func (s *Session) inflatePolicy(packed []byte) bool {
	if len(packed) == 0 {
		return true
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxPolicyBytes+1))
	if err != nil || len(text) == 0 || len(text) > maxPolicyBytes {
		return false
	}
	s.PolicyText = string(text)
	s.Policy, err = ParsePolicy(s.PolicyText)
	return err == nil
}

func deflate(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, text)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}
