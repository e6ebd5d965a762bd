package dynamo

// SetRoomForTest sets how large all items may be together.
func (s *Service) SetRoomForTest(bytes int64) { s.room = bytes }

// SetPageForTest sets how many items are evaluated for a page.
func (s *Service) SetPageForTest(items int) { s.pageItems = items }

// SetSweepForTest sets how many items a sweep looks at.
func (s *Service) SetSweepForTest(items int) { s.sweeper.budget = items }

// StoredForTest returns how large all items are together.
func (s *Service) StoredForTest() int64 { return s.bytes.Load() }
