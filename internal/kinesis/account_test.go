package kinesis_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

func (f *fixture) commit(status string) api.MinimumThroughputBillingCommitmentOutput {
	f.t.Helper()
	out := f.call("UpdateAccountSettings", &api.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: some(api.MinimumThroughputBillingCommitmentInput{Status: some(status)}),
	}).(*api.UpdateAccountSettingsOutput).MinimumThroughputBillingCommitment.V
	f.open()
	shown := f.call("DescribeAccountSettings", &api.DescribeAccountSettingsInput{}).(*api.DescribeAccountSettingsOutput)
	if diff := cmp.Diff(out, shown.MinimumThroughputBillingCommitment.V); diff != "" {
		f.t.Errorf("%s is answered and described differently: %s", status, diff)
	}
	return out
}

func TestAccountSettings(t *testing.T) {
	f := newFixture(t)
	start := api.Timestamp(testStart)
	end := start + api.Timestamp((24 * time.Hour).Milliseconds())
	type view = api.MinimumThroughputBillingCommitmentOutput
	check := func(what string, got, want view) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	check("never enabled", f.commit("DISABLED"), view{Status: "DISABLED"})
	enabled := view{Status: "ENABLED", StartedAt: some(start), EarliestAllowedEndAt: some(end)}
	check("enabled", f.commit("ENABLED"), enabled)
	f.advance(time.Hour)
	check("enabled twice", f.commit("ENABLED"), enabled)
	ending := enabled
	ending.Status = "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
	check("disabled early", f.commit("DISABLED"), ending)
	check("kept", f.commit("ENABLED"), enabled)
	check("disabled early again", f.commit("DISABLED"), ending)
	f.advance(23 * time.Hour)
	ended := f.call("DescribeAccountSettings", &api.DescribeAccountSettingsInput{}).(*api.DescribeAccountSettingsOutput)
	check("ended", ended.MinimumThroughputBillingCommitment.V, view{Status: "DISABLED", StartedAt: some(start), EndedAt: some(end)})
	f.fails("UpdateAccountSettings", &api.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: some(api.MinimumThroughputBillingCommitmentInput{Status: some("ON")}),
	}, api.Validation, "1 validation error detected: Value 'ON' at 'minimumThroughputBillingCommitment.status' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [ENABLED, DISABLED]")
}

func TestWarmThroughput(t *testing.T) {
	f := newFixture(t)
	f.createOnDemand("s")
	f.create("p", 1)
	warm := func(name string, mibps int32) *api.UpdateStreamWarmThroughputInput {
		return &api.UpdateStreamWarmThroughputInput{StreamName: some(name), WarmThroughputMiBps: some(mibps)}
	}
	const uncommitted = "WarmThroughputMiBps needs MinimumThroughputBillingCommitment to be ENABLED for account 000000000000."
	f.fails("UpdateStreamWarmThroughput", warm("s", 100), api.InvalidArgument, uncommitted)
	create := &api.CreateStreamInput{StreamName: some("t"), WarmThroughputMiBps: some(int32(50)), StreamModeDetails: mode("ON_DEMAND")}
	f.fails("CreateStream", create, api.InvalidArgument, uncommitted)
	f.commit("ENABLED")
	f.fails("UpdateStreamWarmThroughput", warm("p", 100), api.InvalidArgument, "WarmThroughputMiBps is only available for streams in ON_DEMAND mode.")
	f.fails("UpdateStreamWarmThroughput", warm("s", -1), api.Validation, "1 validation error detected: "+
		"Value '-1' at 'warmThroughputMiBps' failed to satisfy constraint: Member must have value greater than or equal to 0")
	f.fails("UpdateStreamWarmThroughput", warm("s", 10241), api.InvalidArgument, "WarmThroughputMiBps 10241 is more than the limit of 10240.")
	f.call("CreateStream", create)
	object := func(target, current int32) api.Opt[api.WarmThroughputObject] {
		return some(api.WarmThroughputObject{TargetMiBps: some(target), CurrentMiBps: some(current)})
	}
	if got := f.summary("t").WarmThroughput; got != object(50, 50) {
		t.Errorf("created with %v", got)
	}
	if got := f.summary("s").WarmThroughput; got.Set {
		t.Errorf("a stream without warm throughput shows %v", got)
	}
	f.call("UpdateStreamWarmThroughput", warm("s", 100))
	f.open(withTransitions)
	out := f.call("UpdateStreamWarmThroughput", warm("s", 200)).(*api.UpdateStreamWarmThroughputOutput)
	if out.WarmThroughput != object(200, 100) || out.StreamName.V != "s" || out.StreamARN.V != arnOfS {
		t.Errorf("answer %+v", out)
	}
	if got := f.summary("s"); got.WarmThroughput != object(200, 100) || got.StreamStatus != "UPDATING" {
		t.Errorf("meanwhile %v %s", got.WarmThroughput, got.StreamStatus)
	}
	f.advance(10 * time.Second)
	if got := f.summary("s").WarmThroughput; got != object(200, 200) {
		t.Errorf("then %v", got)
	}
	f.fails("UpdateAccountSettings", &api.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: some(api.MinimumThroughputBillingCommitmentInput{Status: some("DISABLED")}),
	}, api.InvalidArgument, "The warm throughput of all streams under account 000000000000 must be removed before "+
		"MinimumThroughputBillingCommitment can be DISABLED.")

	f.open()
	f.call("UpdateStreamMode", &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode("PROVISIONED")})
	if got := f.summary("s").WarmThroughput; got.Set {
		t.Errorf("a provisioned stream shows %v", got)
	}
	back := &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode("ON_DEMAND"), WarmThroughputMiBps: some(int32(70))}
	f.call("UpdateStreamMode", back)
	if got := f.summary("s").WarmThroughput; got != object(70, 70) {
		t.Errorf("switched with %v", got)
	}
	back.StreamModeDetails = mode("PROVISIONED")
	f.fails("UpdateStreamMode", back, api.InvalidArgument, "WarmThroughputMiBps is only available for streams in ON_DEMAND mode.")
	f.call("UpdateStreamWarmThroughput", warm("s", 0))
	f.call("UpdateStreamWarmThroughput", warm("t", 0))
	if got := f.commit("DISABLED").Status; got != "ENABLED_UNTIL_EARLIEST_ALLOWED_END" {
		t.Errorf("then the commitment is %s", got)
	}
}
