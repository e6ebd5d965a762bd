package stream

import "slices"

// nameOf returns the name with index i, or "" for what has none.
func nameOf(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}

// parseName returns the index of a name, at least 1, or 0 if there is none.
func parseName(names []string, s string) int {
	if s == "" {
		return 0
	}
	return max(slices.Index(names, s), 0)
}
