package engine

import "fmt"

// Validate returns an ErrInvalid that says which limit of the contract the
// batch breaks, or nil.
func (b *Batch) Validate() error {
	switch {
	case b.Close && (b.Records != 0 || len(b.Payload) != 0):
		return fmt.Errorf("%w: a close mark with records", ErrInvalid)
	case b.Close:
		return nil
	case b.Records < 1 || b.Records > MaxBatchRecords:
		return fmt.Errorf("%w: a batch of %d records", ErrInvalid, b.Records)
	case b.Records > 1 && len(b.Payload) > MaxBatchBytes:
		return fmt.Errorf("%w: a batch of %d records and %d bytes", ErrInvalid, b.Records, len(b.Payload))
	case len(b.Payload) > MaxRecordBatchBytes:
		return fmt.Errorf("%w: a record of %d bytes", ErrInvalid, len(b.Payload))
	}
	return nil
}

// ValidateChanges returns an ErrInvalid that says which limit of the contract
// the changes of one Write break, or nil.
func ValidateChanges(changes []Change) error {
	if len(changes) == 0 {
		return fmt.Errorf("%w: a write without changes", ErrInvalid)
	}
	seen := make(map[Key]struct{}, len(changes))
	for i := range changes {
		c := &changes[i]
		if c.Key == "" {
			return fmt.Errorf("%w: a key without parts", ErrInvalid)
		}
		if !c.Delete && len(c.Value) > MaxValueBytes {
			return fmt.Errorf("%w: a value of %d bytes for %s", ErrInvalid, len(c.Value), c.Key)
		}
		if _, twice := seen[c.Key]; twice {
			return fmt.Errorf("%w: %s occurs twice", ErrInvalid, c.Key)
		}
		seen[c.Key] = struct{}{}
	}
	return nil
}
