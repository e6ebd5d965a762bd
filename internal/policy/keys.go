package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// key is something about a request that conditions can look at. It has one of
// value, tags and list.
type key struct {
	// value returns the key's only value, or "" if it is absent.
	value func(*Request) string
	// tags returns the tags whose value under the name tag is the key's.
	tags func(*Request) map[string]string
	tag  string
	// list returns the values of a key that can have several.
	list func(*Request) []string
}

// keys are those that there are, by their names in lower case: the case of their
// letters has no meaning.
var keys = map[string]key{
	"aws:currenttime":      {value: func(r *Request) string { return timeText(r.Time) }},
	"aws:epochtime":        {value: epochTime},
	"aws:principalarn":     {value: func(r *Request) string { return r.Principal.identity() }},
	"aws:principalaccount": {value: func(r *Request) string { return r.Principal.Account }},
	"aws:principaltype":    {value: func(r *Request) string { return r.Principal.kind() }},
	"aws:requestedregion":  {value: func(r *Request) string { return r.Region }},
	"aws:resourceaccount":  {value: func(r *Request) string { return r.owner() }},
	"aws:securetransport":  {value: func(r *Request) string { return boolText(r.SecureTransport) }},
	"aws:sourceip":         {value: sourceIP},
	"aws:userid":           {value: func(r *Request) string { return r.Principal.UserID }},
	"aws:username":         {value: func(r *Request) string { return r.Principal.UserName }},
	"aws:tagkeys":          {list: tagKeys},
	"aws:tokenissuetime":   {value: func(r *Request) string { return timeText(r.Principal.Issued) }},

	"cloudwatch:namespace": ofService("cloudwatch:namespace"),
	"dynamodb:leadingkeys": allOfService("dynamodb:leadingkeys"),
	"sts:externalid":       ofService("sts:externalid"),
	"sts:rolesessionname":  ofService("sts:rolesessionname"),
}

// ofService is a key that has one value and is filled by a service.
func ofService(name string) key {
	return key{value: func(r *Request) string {
		if values := r.Context[name]; len(values) > 0 {
			return values[0]
		}
		return ""
	}}
}

// allOfService is a key that can have several values and is filled by a service.
func allOfService(name string) key {
	return key{list: func(r *Request) []string { return r.Context[name] }}
}

// ContextKey returns the name in lower case of a key that services fill, as
// Request.Context has it. It is false for any other.
func ContextKey(name string) (string, bool) {
	name = strings.ToLower(name)
	_, known := keys[name]
	return name, known && !strings.HasPrefix(name, "aws:")
}

// tagKeyPrefixes begin the names of the keys that end in a tag's.
var tagKeyPrefixes = map[string]key{
	"aws:requesttag":  {tags: func(r *Request) map[string]string { return r.RequestTags }},
	"aws:resourcetag": {tags: func(r *Request) map[string]string { return r.ResourceTags }},
}

// parseKey returns the key with a name.
func parseKey(name string) (key, error) {
	if k, ok := keys[strings.ToLower(name)]; ok {
		return k, nil
	}
	prefix, tag, _ := strings.Cut(name, "/")
	if k, ok := tagKeyPrefixes[strings.ToLower(prefix)]; ok && tag != "" {
		k.tag = tag
		return k, nil
	}
	return key{}, fmt.Errorf("has the unknown condition key %q", name)
}

// multiple reports whether the key can have more values than one.
func (k key) multiple() bool { return k.list != nil }

// values appends the key's values in a request to buf: none if it is absent, and
// at most one if it is not multiple.
func (k key) values(r *Request, buf []string) []string {
	switch {
	case k.list != nil:
		return append(buf, k.list(r)...)
	case k.tags != nil:
		return appendTag(buf, k.tags(r), k.tag)
	}
	if v := k.value(r); v != "" {
		return append(buf, v)
	}
	return buf
}

// timeText is a time as conditions read it, "" for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func epochTime(r *Request) string {
	if r.Time.IsZero() {
		return ""
	}
	return strconv.FormatInt(r.Time.Unix(), 10)
}

func sourceIP(r *Request) string {
	if !r.SourceIP.IsValid() {
		return ""
	}
	return r.SourceIP.Unmap().WithZone("").String()
}

func tagKeys(r *Request) []string {
	return append(slices.Sorted(maps.Keys(r.RequestTags)), r.TagKeys...)
}

// appendTag appends the value of a tag. As in all names of keys the case of
// letters has no meaning; of tags that differ in nothing else, the one that is
// spelled like the key counts, or else the first.
func appendTag(buf []string, tags map[string]string, name string) []string {
	if v, ok := tags[name]; ok {
		return append(buf, v)
	}
	found := ""
	for k := range tags {
		if strings.EqualFold(k, name) && (found == "" || k < found) {
			found = k
		}
	}
	if found == "" {
		return buf
	}
	return append(buf, tags[found])
}
