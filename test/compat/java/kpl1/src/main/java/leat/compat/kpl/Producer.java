package leat.compat.kpl;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import java.nio.ByteBuffer;
import java.util.List;
import software.amazon.kinesis.producer.Attempt;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.UserRecordFailedException;
import software.amazon.kinesis.producer.UserRecordResult;

/** A program with a KPL: it takes the properties file of the KPL and the name of a stream. */
public final class Producer implements Program.Producer {
  private final KinesisProducer producer;
  private final String stream;

  private Producer(String properties, String stream) {
    producer = new KinesisProducer(KinesisProducerConfiguration.fromPropertiesFile(properties));
    this.stream = stream;
  }

  public static void main(String[] args) throws Exception {
    Program.run(new Producer(args[0], args[1]));
  }

  @Override
  public void put(String key, String hashKey, ByteBuffer data, Program.Outcome outcome) {
    Futures.addCallback(producer.addUserRecord(stream, key, hashKey, data),
        new FutureCallback<UserRecordResult>() {
          @Override
          public void onSuccess(UserRecordResult result) {
            outcome.stored(result.getShardId(), result.getSequenceNumber(),
                result.getAttempts().size());
          }

          @Override
          public void onFailure(Throwable cause) {
            outcome.failed(cause instanceof UserRecordFailedException failed
                ? lastError(failed.getResult().getAttempts()) : cause.toString());
          }
        }, MoreExecutors.directExecutor());
  }

  private static String lastError(List<Attempt> attempts) {
    Attempt last = attempts.get(attempts.size() - 1);
    return last.getErrorCode() + ": " + last.getErrorMessage();
  }

  @Override
  public void close() {
    producer.flushSync();
    producer.destroy();
  }
}
