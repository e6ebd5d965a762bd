package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report prints what the applications saw, order by order, and returns an
// error if one of them did not see what happened.
func report(w io.Writer, saw []*application, orders int) error {
	wrong := 0
	for _, a := range saw {
		for n := range orders {
			order := fmt.Sprintf("order-%d", n+1)
			h := a.orders[order]
			if h == nil {
				h = new(history)
			}
			verdict := "ok"
			if !slices.Equal(h.statuses, statuses) {
				verdict = "WRONG"
				wrong++
			}
			fmt.Fprintf(w, "%-12s  %-10s  %s  (%s)  %s\n", a.name, order,
				strings.Join(h.statuses, ", "), strings.Join(h.shards, ", "), verdict)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d orders were not seen as they happened", wrong)
	}
	fmt.Fprintf(w, "%d applications saw %d orders placed, shipped and delivered, each in sequence\n", len(saw), orders)
	return nil
}
