package leat.compat.kcl;

import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.ShardRecordProcessor;

/** Tells what comes, and stores checkpoints. */
final class Processor implements ShardRecordProcessor {
  private final ShardJournal journal = new ShardJournal();

  @Override
  public void initialize(InitializationInput input) {
    journal.initialized(input.shardId(), input.extendedSequenceNumber().sequenceNumber());
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    input.records().forEach(record -> journal.record(record.sequenceNumber(), record.data(),
        () -> input.checkpointer().checkpoint(record.sequenceNumber())));
  }

  @Override
  public void leaseLost(LeaseLostInput input) {
    journal.leaseLost();
  }

  @Override
  public void shardEnded(ShardEndedInput input) {
    journal.shardEnded(() -> input.checkpointer().checkpoint());
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    journal.shutdownRequested(() -> input.checkpointer().checkpoint());
  }
}
