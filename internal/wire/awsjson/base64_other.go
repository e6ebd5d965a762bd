//go:build !amd64

package awsjson

// alphabetPrefix returns how many bytes of the alphabet b begins with.
func alphabetPrefix(b []byte) int { return alphabetPrefixByBytes(b) }
