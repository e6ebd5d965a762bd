package kinesis

import "leat/internal/api"

// PutRecordsOutputForTest returns what an output of PutRecords shows.
func PutRecordsOutputForTest(out api.Output) *api.PutRecordsOutput {
	return &out.(*putRecordsOutput).PutRecordsOutput
}

// CallBucketsForTest returns how many rates of calls are kept.
func CallBucketsForTest(s *Service) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return len(s.calls.buckets)
}

// FeedsForTest returns how many feeds there are, and how much they keep.
func FeedsForTest(s *Service) (feeds, events, bytes int) {
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	for _, f := range s.feeds.byLog {
		f.mu.Lock()
		events += len(f.events)
		f.mu.Unlock()
	}
	return len(s.feeds.byLog), events, int(s.feeds.bytes.Load())
}
