package session_test

import (
	"bytes"
	"testing"
	"time"

	"leat/internal/session"
)

// FuzzOpen opens tokens that nobody has sealed.
func FuzzOpen(f *testing.F) {
	sealer := newSealer(f, 1)
	c, _, err := sealer.Seal(reader(f), 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.AccessKeyID, c.SessionToken[:len(c.SessionToken)-1])
	f.Add("ASIAAAAAAAAAAAAAAAAA", c.SessionToken)
	f.Add("", "")
	f.Fuzz(func(t *testing.T, keyID, token string) {
		if keyID == c.AccessKeyID && token == c.SessionToken {
			return
		}
		if s, ok := sealer.Open(keyID, token); ok {
			t.Errorf("opened %+v", s)
		}
	})
}

// FuzzPlain reads what is inside of tokens. What can be read is a session, and
// is the same when it is written and read again.
func FuzzPlain(f *testing.F) {
	s := reader(f)
	for _, text := range []string{"", onlyOrders} {
		s.PolicyText = text
		b, err := s.AppendPlain(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(append(b, 0, 0, 0))
	}
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := session.ParsePlain(b)
		if !ok {
			return
		}
		if (s.Policy == nil) != (s.PolicyText == "") || s.Role.Name == "" || s.Expires.Location() != time.UTC {
			t.Fatalf("read %+v", s)
		}
		again, err := s.AppendPlain(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := session.ParsePlain(again)
		if !ok || fieldsOf(got) != fieldsOf(s) || got.Secret() != s.Secret() {
			t.Errorf("%+v becomes %+v", s, got)
		}
	})
}
