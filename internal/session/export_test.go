package session

// The inside of tokens, for tests.
var ParsePlain = parsePlain

// AppendPlain appends what is sealed of a session.
func (s *Session) AppendPlain(b []byte) ([]byte, error) { return s.appendPlain(b) }

// MaxOpened is how many sessions a sealer remembers.
const MaxOpened = maxOpened

// Opened is how many sessions a sealer remembers now.
func (s *Sealer) Opened() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.opened)
}
