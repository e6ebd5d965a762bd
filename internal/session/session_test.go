package session_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/policy"
	"leat/internal/session"
)

const (
	readerARN  = "arn:aws:iam::111122223333:role/reader"
	onlyOrders = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kinesis:*", ` +
		`"Resource": "arn:aws:kinesis:*:*:stream/orders"}}`
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSealer(tb rapid.TB, key byte) *session.Sealer {
	tb.Helper()
	s, err := session.NewSealer([32]byte{key})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func reader(tb testing.TB) session.Session {
	tb.Helper()
	role, ok := session.ParseRole(readerARN)
	if !ok {
		tb.Fatal("the role's ARN is none")
	}
	return session.Session{Role: role, Name: "nightly", Issued: epoch, Expires: epoch.Add(time.Hour)}
}

// fields are what of a session comes back from a token.
type fields struct {
	Role             session.Role
	Name, PolicyText string
	Authorized       bool
	Issued, Expires  time.Time
}

func fieldsOf(s *session.Session) fields {
	return fields{s.Role, s.Name, s.PolicyText, s.Authorized, s.Issued, s.Expires}
}

// TestTokensOutliveTheSealer opens what was sealed with another sealer of the
// same key, as after a restart.
func TestTokensOutliveTheSealer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role, ok := session.ParseRole(rapid.SampledFrom([]string{
			readerARN, "arn:aws-cn:iam::000000000000:role/a/path/to/x", "arn:aws:iam::111122223333:role/" + strings.Repeat("r", 64),
		}).Draw(t, "role"))
		if !ok {
			t.Fatal("the role's ARN is none")
		}
		want := session.Session{
			Role: role, Name: rapid.StringMatching(`[\w+=,.@-]{2,64}`).Draw(t, "name"),
			Authorized: rapid.Bool().Draw(t, "authorized"),
			Issued:     epoch.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "issued"))),
			Expires:    epoch.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "expires"))),
			PolicyText: rapid.SampledFrom([]string{"", onlyOrders}).Draw(t, "policy"),
		}
		least := rapid.IntRange(0, session.MaxTokenBytes).Draw(t, "least")
		c, size, err := newSealer(t, 1).Seal(want, least)
		if err != nil {
			t.Fatal(err)
		}
		if size != len(c.SessionToken) || size < least || size > session.MaxTokenBytes {
			t.Fatalf("a token of %d bytes, said to have %d, at least %d were asked for", len(c.SessionToken), size, least)
		}
		got, ok := newSealer(t, 1).Open(c.AccessKeyID, c.SessionToken)
		if !ok {
			t.Fatal("it does not open")
		}
		want.Issued, want.Expires = want.Issued.Truncate(time.Second), want.Expires.Truncate(time.Second)
		if diff := cmp.Diff(fieldsOf(&want), fieldsOf(got)); diff != "" {
			t.Fatal(diff)
		}
		if got.Secret() != c.SecretAccessKey || !got.Expires.Equal(c.Expires) || (got.Policy == nil) != (got.PolicyText == "") {
			t.Fatalf("%+v of %+v", got, c)
		}
	})
}

// TestForgedTokens changes each byte of a token, and what it is opened with.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, 1)
	s := reader(t)
	s.PolicyText = onlyOrders
	c, _, err := sealer.Seal(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := sealer.Seal(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if other.AccessKeyID == c.AccessKeyID || other.SecretAccessKey == c.SecretAccessKey || other.SessionToken == c.SessionToken {
		t.Error("two sessions share credentials")
	}
	forged := map[string][2]string{
		"of another key id": {other.AccessKeyID, c.SessionToken},
		"of a plain key id": {"LKIA" + c.AccessKeyID[4:], c.SessionToken},
		"none":              {c.AccessKeyID, ""},
		"with a line's end": {c.AccessKeyID, c.SessionToken + "\n"},
		"padded":            {c.AccessKeyID, c.SessionToken + "="},
		"too long":          {c.AccessKeyID, c.SessionToken + strings.Repeat("A", session.MaxTokenBytes)},
	}
	for i := range c.SessionToken {
		forged[fmt.Sprintf("cut at %d", i)] = [2]string{c.AccessKeyID, c.SessionToken[:i]}
		changed := []byte(c.SessionToken)
		if changed[i]++; changed[i] == 'Z'+1 || changed[i] == 'z'+1 || changed[i] == '9'+1 || changed[i] == '-'+1 {
			changed[i] = '0'
		}
		forged[fmt.Sprintf("changed at %d", i)] = [2]string{c.AccessKeyID, string(changed)}
	}
	for what, f := range forged {
		if _, ok := sealer.Open(f[0], f[1]); ok {
			t.Errorf("a token %s opens", what)
		}
	}
	if _, ok := newSealer(t, 2).Open(c.AccessKeyID, c.SessionToken); ok {
		t.Error("a token of another server opens")
	}
	if _, ok := sealer.Open(c.AccessKeyID, c.SessionToken); !ok {
		t.Error("the token itself does not open")
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := reader(t)
	// What cannot be deflated: 2,048 random hexadecimal digits are 1 KiB, 6,000
	// are 3 KiB, and with a third for base64 too many.
	digits := make([]byte, 6000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range digits {
		digits[i] = "0123456789abcdef"[random.IntN(16)]
	}
	s.PolicyText = `{"Id": "` + string(digits) + `"}`
	_, size, err := newSealer(t, 1).Seal(s, 0)
	if !errors.Is(err, session.ErrTooLarge) || size <= session.MaxTokenBytes {
		t.Errorf("%d bytes, error %v", size, err)
	}
}

// TestRemembered fills the memory of a sealer.
func TestRemembered(t *testing.T) {
	t.Parallel()
	sealer := newSealer(t, 1)
	limited := reader(t)
	limited.PolicyText = strings.Replace(onlyOrders, `"Statement"`, `"Id": "`+strings.Repeat("a", 1800)+`", "Statement"`, 1)
	var all []session.Credentials
	for size := 0; size < 2*session.MaxOpenedBytes; size += len(limited.PolicyText) {
		c, _, err := sealer.Seal(limited, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for _, c := range all {
				if s, ok := sealer.Open(c.AccessKeyID, c.SessionToken); !ok || s.Secret() != c.SecretAccessKey {
					t.Errorf("%s: %v", c.AccessKeyID, s)
				}
			}
		})
	}
	readers.Wait()
	if n, size := sealer.Opened(); n < 1 || size > session.MaxOpenedBytes {
		t.Errorf("%d sessions are remembered, with %d bytes", n, size)
	}
	c := all[0]
	first, _ := sealer.Open(c.AccessKeyID, c.SessionToken)
	if again, _ := sealer.Open(c.AccessKeyID, c.SessionToken); again != first {
		t.Error("a session is read twice")
	}
}

func TestPrincipal(t *testing.T) {
	t.Parallel()
	s := reader(t)
	got := s.Principal()
	id := s.Role.ID()
	if !regexp.MustCompile(`^AROA[A-Z2-7]{17}$`).MatchString(id) {
		t.Errorf("the role's id is %s", id)
	}
	want := policy.Principal{
		Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/reader/nightly",
		Role: readerARN, UserID: id + ":nightly", Issued: epoch,
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if other, _ := session.ParseRole(readerARN + "s"); other.ID() == id {
		t.Error("two roles have one id")
	}
	c, _, err := newSealer(t, 1).Seal(s, 0)
	if err != nil || !regexp.MustCompile(`^ASIA[A-Z2-7]{16}$`).MatchString(c.AccessKeyID) || len(c.SecretAccessKey) != 40 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]session.Role{
		readerARN: {ARN: readerARN, Partition: "aws", Account: "111122223333", Name: "reader"},
		"arn:aws-us-gov:iam::000000000000:role/a/b!/r.+=,@-": {
			ARN:       "arn:aws-us-gov:iam::000000000000:role/a/b!/r.+=,@-",
			Partition: "aws-us-gov", Account: "000000000000", Name: "r.+=,@-",
		},
	} {
		if got, ok := session.ParseRole(arn); !ok || got != want {
			t.Errorf("%s is %+v, %t", arn, got, ok)
		}
	}
	for _, arn := range []string{
		"", "reader", "arn:aws:iam::111122223333:user/reader", "arn:aws:iam::11112222333:role/reader",
		"arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/a b", "arn:aws:iam:us-east-1:111122223333:role/r",
		"arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:iam::111122223333:role/" + strings.Repeat("r", 65),
		"arn:other:iam::111122223333:role/r", readerARN + "\n", "x" + readerARN, "arn:aws:iam::111122223333:role//r",
	} {
		if got, ok := session.ParseRole(arn); ok {
			t.Errorf("%q is %+v", arn, got)
		}
	}
}
