package awsquery

import (
	"net/url"
	"strings"

	"leat/internal/api"
)

// Target is what a form is for. A part that the form does not have is empty.
type Target struct{ Action, Version string }

// TargetOf returns what a form is for.
func TargetOf(form []byte) Target {
	var t Target
	var hasAction, hasVersion bool
	for rest := api.Alias(form); rest != "" && (!hasAction || !hasVersion); {
		var name, value string
		name, value, rest = next(rest)
		switch name {
		case "Action":
			first(&t.Action, &hasAction, value)
		case "Version":
			first(&t.Version, &hasVersion, value)
		}
	}
	return t
}

// first sets a parameter that is there for the first time. What cannot be
// unescaped is as empty.
func first(to *string, seen *bool, value string) {
	if *seen {
		return
	}
	*seen = true
	*to, _ = url.QueryUnescape(value)
}

// next takes the first parameter off a form. It is still escaped.
func next(form string) (name, value, rest string) {
	param, rest, _ := strings.Cut(form, "&")
	name, value, _ = strings.Cut(param, "=")
	return name, value, rest
}

// unescape returns a parameter's name or value. Bytes that are not UTF-8 become
// U+FFFD, since nothing else could be stored as text.
func unescape(s string) (string, *api.Error) {
	text, err := url.QueryUnescape(s)
	if err != nil {
		return "", malformed("")
	}
	return strings.ToValidUTF8(text, "\uFFFD"), nil
}

// malformed returns the error about a form that cannot be read.
func malformed(message string) *api.Error {
	return &api.Error{Code: string(api.Serialization), Message: message, Status: api.Serialization.Status()}
}
