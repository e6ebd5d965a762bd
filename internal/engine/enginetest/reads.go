package enginetest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"leat/internal/engine"
	"leat/internal/stream"
)

func readScripts() []script {
	return []script{
		{"ReadFromEveryPosition", readFromEveryPosition},
		{"ReadBudgetBytes", readBudgetBytes},
		{"ReadBudgetRecords", readBudgetRecords},
		{"ReadBuffer", readBuffer},
		{"ReadToTheEnd", readToTheEnd},
		{"ReadClosedEmptyLog", readClosedEmptyLog},
		{"Trim", trim},
		{"TrimClosed", trimClosed},
	}
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// plenty is a budget that nothing here exceeds.
var plenty = engine.Budget{Bytes: 1 << 30}

func (v *env) read(id engine.LogID, from stream.Position, budget engine.Budget) (page engine.Page, eof bool) {
	v.t.Helper()
	page, err := v.e.Read(v.ctx, id, from, budget)
	if err != nil && !isEOF(err) {
		v.t.Fatal(err)
	}
	next := from
	if n := len(page.Batches); n > 0 {
		last := page.Batches[n-1]
		next = last.First + stream.Position(last.Records)
	}
	v.check(page.Next == next, "to go on after the page is at %d, not %d", next, page.Next)
	return page, isEOF(err)
}

// wantPage reads and checks the payloads and whether it is the end.
func (v *env) wantPage(id engine.LogID, from stream.Position, budget engine.Budget, eof bool, payloads ...string) engine.Page {
	v.t.Helper()
	page, atEnd := v.read(id, from, budget)
	var got []string
	for _, b := range page.Batches {
		got = append(got, string(b.Payload))
	}
	v.check(equalStrings(got, payloads), "reading at %d gives %s, not %s", from, abridge(payloads), abridge(got))
	v.check(atEnd == eof, "reading at %d meets the end: %v", from, eof)
	return page
}

func equalStrings(a, b []string) bool {
	return len(a) == len(b) && strings.Join(a, "\x00") == strings.Join(b, "\x00")
}

func abridge(payloads []string) string {
	var b strings.Builder
	for _, p := range payloads {
		fmt.Fprintf(&b, "%.20q ", p)
	}
	return "[" + strings.TrimSpace(b.String()) + "]"
}

// wantPayloads checks all that a log holds.
func (v *env) wantPayloads(id engine.LogID, want ...string) {
	v.t.Helper()
	v.wantPage(id, 0, plenty, v.tip(id).Closed, want...)
}

// threeBatches appends batches of 1, 3 and 2 records and returns where they
// begin.
func threeBatches(v *env, id engine.LogID) [3]stream.Position {
	v.t.Helper()
	var firsts [3]stream.Position
	for i, b := range []engine.Batch{batch(id, 1, "a"), batch(id, 3, "bcd"), batch(id, 2, "ef")} {
		firsts[i] = v.put(b).First
		v.clock.step(1)
	}
	return firsts
}

func readFromEveryPosition(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	for p, want := range map[stream.Position][]string{
		stream.PositionBefore: {"a", "bcd", "ef"},
		at[0]:                 {"a", "bcd", "ef"},
		at[0] + 1:             {"bcd", "ef"},
		at[1]:                 {"bcd", "ef"},
		at[1] + 2:             {"bcd", "ef"},
		at[1] + 3:             {"ef"},
		at[2] + 1:             {"ef"},
		at[2] + 2:             nil,
		at[2] + 100:           nil,
		stream.PositionAfter:  nil,
	} {
		page := v.wantPage(id, p, plenty, false, want...)
		for i, b := range page.Batches {
			n := 3 - len(page.Batches) + i
			v.check(b.First == at[n] && b.Records == []int{1, 3, 2}[n], "batch %d is %d records at %d", n, b.Records, b.First)
		}
	}
}

func readBudgetBytes(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	for n, want := range [][]string{{"a"}, {"a"}, {"a"}, {"a"}, {"a", "bcd"}, {"a", "bcd"}, {"a", "bcd", "ef"}} {
		v.wantPage(id, 0, engine.Budget{Bytes: n}, false, want...)
	}
	v.wantPage(id, at[1], engine.Budget{Bytes: 1}, false, "bcd")
}

func readBudgetRecords(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	for n, want := range map[int][]string{1: {"a"}, 2: {"a", "bcd"}, 4: {"a", "bcd"}, 5: {"a", "bcd", "ef"}, 99: {"a", "bcd", "ef"}} {
		v.wantPage(id, 0, engine.Budget{Bytes: 100, Records: n}, false, want...)
	}
	// Records of the first batch that are before the position do not count.
	v.wantPage(id, at[1]+2, engine.Budget{Bytes: 100, Records: 1}, false, "bcd")
	v.wantPage(id, at[1]+2, engine.Budget{Bytes: 100, Records: 2}, false, "bcd", "ef")
	v.wantPage(id, 0, engine.Budget{Bytes: 2, Records: 4}, false, "a")
}

func readBuffer(v *env) {
	id := v.log()
	threeBatches(v, id)
	buf := make([]byte, 100)
	page := v.wantPage(id, 0, engine.Budget{Bytes: 100, Buf: buf[:0]}, false, "a", "bcd", "ef")
	v.check(&page.Buf[:1][0] == &buf[0], "a buffer that suffices is the page's")
	v.check(strings.Contains(string(buf), "bcd"), "the payloads are in the buffer")
	for _, b := range page.Batches {
		clear(b.Payload)
	}
	page = v.wantPage(id, 0, engine.Budget{Bytes: 100, Buf: make([]byte, 1)}, false, "a", "bcd", "ef")
	next := v.wantPage(id, 0, engine.Budget{Bytes: 100, Buf: page.Buf}, false, "a", "bcd", "ef")
	v.check(&next.Buf[:1][0] == &page.Buf[:1][0], "the memory of a page can be used again")
}

func readToTheEnd(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	closed := v.put(mark(id)).First
	v.wantPage(id, 0, plenty, true, "a", "bcd", "ef")
	v.wantPage(id, 0, engine.Budget{Bytes: 4}, false, "a", "bcd")
	v.wantPage(id, 0, engine.Budget{Bytes: 100, Records: 4}, false, "a", "bcd")
	v.wantPage(id, 0, engine.Budget{Bytes: 6, Records: 6}, true, "a", "bcd", "ef")
	page := v.wantPage(id, at[2], engine.Budget{}, true, "ef")
	for _, p := range []stream.Position{page.Next, closed, closed + 1, closed + 100, stream.PositionAfter} {
		v.wantPage(id, p, plenty, true)
		v.must(v.e.Wait(v.ctx, id, p))
	}
}

func readClosedEmptyLog(v *env) {
	id := v.log()
	closed := v.put(mark(id))
	for _, p := range []stream.Position{0, closed.First, closed.First + 1} {
		v.wantPage(id, p, plenty, true)
	}
	want := engine.Tip{First: closed.First + 1, Last: closed.First, Time: closed.Time, Closed: true}
	v.check(v.tip(id) == want, "the tip is %+v, not %+v", want, v.tip(id))
	p, err := v.e.SeekTime(v.ctx, id, 0)
	v.must(err)
	v.check(p == closed.First+1, "without records SeekTime is after the tip, not %d", p)
}

// trimTo trims and returns the oldest position left, which may be any that is
// permitted.
func (v *env) trimTo(id engine.LogID, before stream.Position) stream.Position {
	v.t.Helper()
	old := v.tip(id)
	v.must(v.e.Trim(v.ctx, id, before))
	tip := v.tip(id)
	permitted := max(old.First, min(before, tip.Last+1))
	if before > old.Last {
		permitted = tip.Last + 1
	}
	v.check(old.First <= tip.First && tip.First <= permitted,
		"trimming before %d leaves %d to %d as the oldest, not %d", before, old.First, permitted, tip.First)
	old.First = tip.First
	v.check(tip == old, "trimming leaves the rest of the tip, not %+v", tip)
	return tip.First
}

func trim(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	all := []string{"a", "bcd", "ef"}
	for _, before := range []stream.Position{0, at[0], at[1], at[1] + 1, at[2], 0, at[2] + 2, stream.PositionAfter} {
		first := v.trimTo(id, before)
		left := 0
		for i, n := range []stream.Position{1, 3, 2} {
			if first >= at[i]+n {
				left = i + 1
			}
		}
		v.wantPayloads(id, all[left:]...)
		p, err := v.e.SeekTime(v.ctx, id, 0)
		v.must(err)
		v.check(p == first, "SeekTime before all is the oldest position %d, not %d", first, p)
	}
	r := v.put(batch(id, 1, "g"))
	v.check(r.First >= at[2]+2, "positions go on after trimming, not at %d", r.First)
	page, _ := v.read(id, r.First, plenty)
	v.check(len(page.Batches) == 1 && string(page.Batches[0].Payload) == "g", "the batch appended after trimming is there")
}

func trimClosed(v *env) {
	id := v.log()
	threeBatches(v, id)
	v.put(mark(id))
	v.trimTo(id, stream.PositionAfter)
	v.check(v.tip(id).Closed, "closedness is never forgotten")
	v.refuse(batch(id, 1, "x"), engine.ErrClosed)
	_, eof := v.read(id, v.tip(id).First, plenty)
	v.check(eof, "reading a trimmed closed log meets its end")
	v.must(v.e.Wait(v.ctx, id, stream.PositionAfter))
}
