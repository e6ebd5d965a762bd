package awscbor

import "leat/internal/api"

// The heads of a record's members: the text of a name, which is below 24 bytes but
// for one.
const (
	recordNumber     = "\xbf\x6eSequenceNumber"
	recordTime       = "\x78\x1bApproximateArrivalTimestamp"
	recordData       = "\x64Data"
	recordKey        = "\x6cPartitionKey"
	recordEncryption = "\x6eEncryptionType"
)

// EncodeRecords implements api.RecordEncoder: it does what api.Record.Encode does, by
// hand, because a record of 1 KiB costs as much in its names and texts as in its data.
func (e *Encoder) EncodeRecords(records []api.Record) {
	for i := range records {
		r := &records[i]
		e.buf = append(e.buf, recordNumber...)
		e.String(r.SequenceNumber)
		if r.ApproximateArrivalTimestamp.Set {
			e.buf = append(e.buf, recordTime...)
			e.Timestamp(r.ApproximateArrivalTimestamp.V)
		}
		e.buf = append(e.buf, recordData...)
		e.Blob(r.Data)
		e.buf = append(e.buf, recordKey...)
		e.String(r.PartitionKey)
		if r.EncryptionType.Set {
			e.buf = append(e.buf, recordEncryption...)
			e.String(r.EncryptionType.V)
		}
		e.buf = append(e.buf, end)
	}
}
