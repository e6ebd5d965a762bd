package main

import (
	"strings"
	"testing"
)

func applicationThatSaw(statuses ...string) *application {
	a := newApplication("ordering", nil, "")
	a.orders["order-1"] = &history{statuses: statuses}
	return a
}

func TestReport(t *testing.T) {
	tests := map[string]struct {
		saw  *application
		want bool
	}{
		"in sequence":  {applicationThatSaw("placed", "shipped", "delivered"), true},
		"out of order": {applicationThatSaw("shipped", "placed", "delivered"), false},
		"repeated":     {applicationThatSaw("placed", "shipped", "shipped", "delivered"), false},
		"missing":      {applicationThatSaw("placed", "delivered"), false},
		"nothing":      {newApplication("ordering", nil, ""), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := report(&out, []*application{tt.saw}, 1)
			if (err == nil) != tt.want {
				t.Errorf("report: %v, want agreement: %v\n%s", err, tt.want, &out)
			}
		})
	}
}
