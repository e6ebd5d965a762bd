package kinesis

// CallBucketsForTest returns how many rates of calls are kept.
func CallBucketsForTest(s *Service) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return len(s.calls.buckets)
}
