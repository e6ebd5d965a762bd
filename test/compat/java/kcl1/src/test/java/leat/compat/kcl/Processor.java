package leat.compat.kcl;

import com.amazonaws.services.kinesis.clientlibrary.interfaces.IRecordProcessorCheckpointer;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IRecordProcessor;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IShutdownNotificationAware;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.ShutdownReason;
import com.amazonaws.services.kinesis.clientlibrary.types.InitializationInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ProcessRecordsInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ShutdownInput;

/** Tells what comes, and stores checkpoints. */
final class Processor implements IRecordProcessor, IShutdownNotificationAware {
  private final ShardJournal journal = new ShardJournal();

  @Override
  public void initialize(InitializationInput input) {
    journal.initialized(input.getShardId(), input.getExtendedSequenceNumber().getSequenceNumber());
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    input.getRecords().forEach(record -> journal.record(
        record.getSequenceNumber(), record.getData(),
        () -> input.getCheckpointer().checkpoint(record.getSequenceNumber())));
  }

  @Override
  public void shutdown(ShutdownInput input) {
    if (input.getShutdownReason() == ShutdownReason.TERMINATE) {
      journal.shardEnded(() -> input.getCheckpointer().checkpoint());
    } else {
      journal.leaseLost();
    }
  }

  @Override
  public void shutdownRequested(IRecordProcessorCheckpointer checkpointer) {
    journal.shutdownRequested(checkpointer::checkpoint);
  }
}
