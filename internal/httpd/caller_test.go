package httpd

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/wire/awsquery"
)

// FuzzQuery reads queries as signatures cover them. Nothing may be passed over that
// the query protocol understands, and what net/url understands is the same.
func FuzzQuery(f *testing.F) {
	f.Add("Action=Say&Version=2020-01-01&Words=a+b%20c&X-Amz-Signature=00")
	f.Add("Words=a;b&Action=A;B&&=&%zz=%&a==b&A%63tion=x")
	f.Fuzz(func(t *testing.T, raw string) {
		params := query(&url.URL{RawQuery: raw})
		given, found := 0, 0
		for param := range strings.SplitSeq(raw, "&") {
			if param != "" {
				given++
			}
		}
		for _, values := range params {
			found += len(values)
		}
		if found != given {
			t.Errorf("%d of %d parameters of %q", found, given, raw)
		}
		if plain, err := url.ParseQuery(raw); err == nil && raw != "" {
			if diff := cmp.Diff(plain, params); diff != "" {
				t.Errorf("%q: %s", raw, diff)
			}
		}
		target := awsquery.TargetOf([]byte(raw))
		for name, value := range map[string]string{"Action": target.Action, "Version": target.Version} {
			if value != "" && !params.Has(name) {
				t.Errorf("%q has the %s %q, which is not covered", raw, name, value)
			}
		}
	})
}
