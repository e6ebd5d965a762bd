package dynamo

import "strings"

// The strings of a request are in its body, which is used again once the request
// has been answered: what is kept longer is copied.

func clone(s string) string { return strings.Clone(s) }

func cloneAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clone(s)
	}
	return out
}
