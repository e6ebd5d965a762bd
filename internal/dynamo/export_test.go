package dynamo

// SetRoomForTest sets how large all items may be together.
func (s *Service) SetRoomForTest(bytes int64) { s.room = bytes }

// StoredForTest returns how large all items are together.
func (s *Service) StoredForTest() int64 { return s.bytes.Load() }
