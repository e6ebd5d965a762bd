package session

// The inside of tokens, for tests.
var ParsePlain = parsePlain

// AppendPlain appends what is sealed of a session.
func (s *Session) AppendPlain(b []byte) ([]byte, error) { return s.appendPlain(b) }

// MaxOpenedBytes bounds what Opened returns.
const MaxOpenedBytes = maxOpenedBytes

// Opened is how many sessions a sealer remembers now, and the bytes of their
// credentials and policies.
func (s *Sealer) Opened() (sessions, size int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for c, session := range s.opened {
		size += len(c.keyID) + len(c.token) + len(session.PolicyText)
	}
	return len(s.opened), size
}
