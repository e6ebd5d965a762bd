package kinesis

import (
	"strings"

	"leat/internal/api"
	"leat/internal/stream"
)

// addTags returns the tags of a stream, or of a consumer of it, with more added
// under the rules of AddTagsToStream. What is added gets memory of its own. The
// map that there was may be changed, also when tags are refused.
func addTags(r ref, have, more map[string]string) (map[string]string, error) {
	if len(more) == 0 {
		return have, nil
	}
	if err := checkTagCharacters(r, more, "add tags to"); err != nil {
		return nil, err
	}
	return mergeTags(r, have, more)
}

// mergeTags does as addTags with tags whose characters have been checked.
func mergeTags(r ref, have, more map[string]string) (map[string]string, error) {
	if have == nil {
		have = make(map[string]string, len(more))
	}
	for k, v := range more {
		have[strings.Clone(k)] = strings.Clone(v)
	}
	if len(have) > stream.MaxTags {
		// The text says 10, the limit is 50: so does AWS.
		return nil, api.Errorf(api.InvalidArgument,
			"Failed to add tags to stream %s under account %s because a given stream cannot have more than 10 tags associated with it.",
			r.name, r.account)
	}
	return have, nil
}

// checkTagCharacters applies the two rules of AddTagsToStream and
// RemoveTagsFromStream on the characters of tags. verb says what is being done,
// for the message.
func checkTagCharacters(r ref, tags map[string]string, verb string) error {
	legal := true
	for k, v := range tags {
		if stream.ReservedTagKey(k) {
			return errReservedTag()
		}
		if !stream.ValidTagText(k) || !stream.ValidTagText(v) {
			return api.Errorf(api.InvalidArgument,
				"Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - %% @.")
		}
		legal = legal && stream.LegalTagText(k) && stream.LegalTagText(v)
	}
	if !legal {
		return api.Errorf(api.InvalidArgument,
			"Failed to %s stream %s under account %s because some tags contained illegal characters. "+
				"The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.", verb, r.name, r.account)
	}
	return nil
}

// checkResourceTags applies the rule of TagResource and UntagResource.
func checkResourceTags(tags map[string]string) error {
	for k, v := range tags {
		switch {
		case stream.ReservedTagKey(k):
			return errReservedTag()
		case !stream.ValidResourceTagText(k) || !stream.ValidResourceTagText(v):
			return api.Errorf(api.InvalidArgument,
				"Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . : / = + - @.")
		}
	}
	return nil
}

func errReservedTag() error {
	return api.Errorf(api.InvalidArgument, "aws: prefixed tag key names are not allowed for external use.")
}

// keysOnly returns tags with the keys and no values, for checking and removing.
func keysOnly(keys []string) map[string]string {
	tags := make(map[string]string, len(keys))
	for _, key := range keys {
		tags[key] = ""
	}
	return tags
}
