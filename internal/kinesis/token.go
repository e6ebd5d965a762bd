package kinesis

import (
	"leat/internal/api"
	"leat/internal/stream"
)

// sealToken returns a page token of a kind that holds the fields.
func (s *Service) sealToken(kind string, fields ...string) string {
	return s.sealer.SealToken(kind, s.engine.Now(), nonce(), fields...)
}

// openToken returns the fields of a page token, of which there are want.
func (s *Service) openToken(kind, text string, want int) ([]string, error) {
	fields, issued, err := s.sealer.OpenToken(kind, text)
	if err != nil || len(fields) != want {
		return nil, api.Errorf(api.InvalidArgument, "Invalid NextToken.")
	}
	if now := s.engine.Now(); now.Sub(issued) > stream.TokenTTL {
		return nil, api.Errorf(api.ExpiredNextToken, "NextToken expired. The token was created at time %s while right now it is %s.",
			issued.Time().Format(javaDate), now.Time().Format(javaDate))
	}
	return fields, nil
}
