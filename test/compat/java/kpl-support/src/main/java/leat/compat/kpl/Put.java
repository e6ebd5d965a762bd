package leat.compat.kpl;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A user record that a program is to put, as a line: number, key, explicit hash key or -, size.
 * Its data follows from its number and its size.
 */
public record Put(int number, String key, String hashKey, int size) {
  private static final int DIGITS = 8;

  /** Least size of a user record: the digits of its number. */
  public static final int LEAST = DIGITS;

  public Put {
    if (size < LEAST || key.contains(" ")) {
      throw new IllegalArgumentException("a user record of " + size + " bytes with key " + key);
    }
  }

  static Put parse(String line) {
    String[] words = line.split(" ");
    return new Put(Integer.parseInt(words[0]), words[1], words[2].equals("-") ? null : words[2],
        Integer.parseInt(words[3]));
  }

  public String line() {
    return number + " " + key + " " + (hashKey == null ? "-" : hashKey) + " " + size;
  }

  /** Returns the digits of the number, and then bytes that tell it from every other one. */
  public ByteBuffer data() {
    byte[] data = new byte[size];
    Arrays.fill(data, (byte) number);
    byte[] digits = String.format("%0" + DIGITS + "d", number).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, data, 0, DIGITS);
    return ByteBuffer.wrap(data);
  }

  /** Returns the number of the user record with the data. */
  public static int number(ByteBuffer data) {
    byte[] digits = new byte[DIGITS];
    data.duplicate().get(digits);
    return Integer.parseInt(new String(digits, StandardCharsets.US_ASCII));
  }
}
