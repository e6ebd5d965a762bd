package main

import (
	"errors"
	"fmt"

	"leat/bench/report"
)

// quickRatios are the scenarios of -quick and what their first row's ratio was
// on a quiet machine; 0 is not compared. A ratio of less than half of it is a
// regression: noise of a shared machine is less than that.
var quickRatios = map[string]float64{
	"put-records-1k": 0.70,
	"put-record-16":  0.38,
	"get-records":    0,
	"start":          0,
}

// regressions returns an error that names each scenario that became too slow.
func regressions(results []report.Result) error {
	var err error
	for _, r := range results {
		was := quickRatios[r.Name]
		if was == 0 || len(r.Rows) == 0 {
			continue
		}
		if now := r.Rows[0].Ratio; now < was/2 {
			err = errors.Join(err, fmt.Errorf("%s: the ratio is %.0f%%, and was %.0f%%", r.Name, 100*now, 100*was))
		}
	}
	return err
}
