package awsjson

import (
	"strconv"

	"leat/internal/api"
)

// startsNumber says whether a value that begins with c is a number, if any.
func startsNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

// number reads a number and returns its text.
func (d *decoder) number() ([]byte, bool) {
	start := d.pos
	d.accept('-', '-')
	if !d.accept('0', '0') && !d.digits() {
		return nil, false
	}
	if d.accept('.', '.') && !d.digits() {
		return nil, false
	}
	if d.accept('e', 'e') || d.accept('E', 'E') {
		_ = d.accept('+', '+') || d.accept('-', '-')
		if !d.digits() {
			return nil, false
		}
	}
	return d.data[start:d.pos], true
}

// accept reads a byte if it is between low and high.
func (d *decoder) accept(low, high byte) bool {
	if d.pos == len(d.data) || d.data[d.pos] < low || d.data[d.pos] > high {
		return false
	}
	d.pos++
	return true
}

// digits reads digits, at least one.
func (d *decoder) digits() bool {
	start := d.pos
	for d.accept('0', '9') {
	}
	return d.pos > start
}

// toInt64 returns the largest integer that is not above the number, or the
// nearest that there is.
func toInt64(token []byte) int64 {
	if n, err := strconv.ParseInt(string(token), 10, 64); err == nil {
		return n
	}
	return api.FloorInt64(toFloat(token))
}

// toTimestamp returns a number of seconds to the nearest millisecond.
func toTimestamp(token []byte) api.Timestamp {
	return api.RoundTimestamp(toFloat(token) * 1000)
}

// toFloat returns the number nearest to what the text says; what is too large is
// infinite.
func toFloat(token []byte) float64 {
	f, _ := strconv.ParseFloat(string(token), 64) // the only error left is the range
	return f
}
