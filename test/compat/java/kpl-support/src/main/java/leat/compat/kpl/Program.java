package leat.compat.kpl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What the programs do: they put a user record for each line of standard input, and print an
 * answer for each, in whatever order they come. When the input ends, and all answers are there,
 * they end.
 */
final class Program {
  /** A KPL. */
  interface Producer {
    void put(String key, String hashKey, ByteBuffer data, Outcome outcome);

    /** Ends the producer once all outcomes are known. */
    void close();
  }

  /** What becomes of a user record. */
  interface Outcome {
    void stored(String shard, String sequenceNumber, int attempts);

    void failed(String error);
  }

  private Program() {}

  static void run(Producer producer) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = System.out;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Put put = Put.parse(line);
      producer.put(put.key(), put.hashKey(), put.data(), new Outcome() {
        @Override
        public void stored(String shard, String sequenceNumber, int attempts) {
          out.println(Answer.stored(put.number(), shard, sequenceNumber, attempts).line());
        }

        @Override
        public void failed(String error) {
          out.println(Answer.failed(put.number(), error).line());
        }
      });
    }
    producer.close();
  }
}
