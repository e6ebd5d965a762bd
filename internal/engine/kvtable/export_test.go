package kvtable

// PendingForTest returns how many entries wait for consumers.
func (t *Table) PendingForTest() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := 0
	for w := range t.watchers {
		n += len(w.pending)
	}
	return n
}
