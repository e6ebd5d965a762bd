package httpd

import (
	"leat/internal/api"
	"leat/internal/wire/awscbor"
	"leat/internal/wire/awsjson"
)

// codec is a wire form, in which a request is read and answered.
type codec struct {
	mediaType string
	// decode fills in, whose strings and blobs may then refer to the body.
	decode func(body []byte, in api.Input) *api.Error
	// valid says whether a body has the form at all.
	valid func(body []byte) bool
	// encode appends an output, or an error, to dst.
	encode func(dst []byte, out api.Output) []byte
	// without is the operation that AWS fails to answer in this form.
	without string
}

// codecs has the wire forms by their media types.
var codecs = map[string]*codec{
	mediaJSON: {
		mediaType: mediaJSON,
		decode:    awsjson.Decode,
		valid:     awsjson.Valid,
		encode:    awsjson.Encode,
	},
	mediaCBOR: {
		mediaType: mediaCBOR,
		decode:    awscbor.Decode,
		valid:     awscbor.Valid,
		encode:    awscbor.Encode,
		without:   "SubscribeToShard",
	},
}

// codecOf returns the wire form of a media type, and whether it is one of ours.
// To any other AWS talks in CBOR, if it does not in XML.
func codecOf(mediaType string) (c *codec, ours bool) {
	if c, ok := codecs[mediaType]; ok {
		return c, true
	}
	return codecs[mediaCBOR], false
}
