package stream

import "strings"

// partitions are the region prefixes whose ARNs do not begin with arn:aws:,
// longer prefixes before those they begin with.
var partitions = [...]struct{ regionPrefix, partition string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"us-iso-", "aws-iso"},
	{"us-isob-", "aws-iso-b"},
	{"us-isof-", "aws-iso-f"},
	{"eu-isoe-", "aws-iso-e"},
	{"eusc-", "aws-eusc"},
}

// Partition returns the AWS partition that a region is in.
func Partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.regionPrefix) {
			return p.partition
		}
	}
	return "aws"
}

// StreamARN returns the ARN of a stream.
func StreamARN(region, account, name string) string {
	return "arn:" + Partition(region) + ":kinesis:" + region + ":" + account + ":stream/" + name
}

// ParseStreamARN takes a stream's ARN apart. It accepts every partition of AWS
// for every region.
func ParseStreamARN(s string) (account, region, name string, ok bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "kinesis" {
		return "", "", "", false
	}
	region, account = parts[3], parts[4]
	name, ok = strings.CutPrefix(parts[5], "stream/")
	if !ok || !ValidName(name) || !ValidRegion(region) || !ValidAccount(account) {
		return "", "", "", false
	}
	return account, region, name, true
}

// ValidName reports whether s can be the name of a stream: 1 to MaxNameBytes
// letters, digits, underscores, dots and hyphens.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxNameBytes {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// ValidAccount reports whether s is an account id: 12 digits.
func ValidAccount(s string) bool {
	if len(s) != AccountDigits {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ValidRegion reports whether s can be the name of a region: 1 to
// MaxRegionBytes small letters, digits and hyphens.
func ValidRegion(s string) bool {
	if s == "" || len(s) > MaxRegionBytes {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}
