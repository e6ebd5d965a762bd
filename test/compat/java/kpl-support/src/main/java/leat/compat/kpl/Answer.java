package leat.compat.kpl;

/**
 * What a program says about a user record, as a line: its number and either the shard, the
 * sequence number and the attempts that it took, or an error.
 */
public record Answer(int number, String shard, String sequenceNumber, int attempts, String error) {
  static Answer stored(int number, String shard, String sequenceNumber, int attempts) {
    return new Answer(number, shard, sequenceNumber, attempts, null);
  }

  static Answer failed(int number, String error) {
    return new Answer(number, null, null, 0, error);
  }

  public static Answer parse(String line) {
    String[] words = line.split(" ", 3);
    int number = Integer.parseInt(words[1]);
    if (words[0].equals("failed")) {
      return failed(number, words[2]);
    }
    String[] place = words[2].split(" ");
    return stored(number, place[0], place[1], Integer.parseInt(place[2]));
  }

  String line() {
    return error == null
        ? "stored " + number + " " + shard + " " + sequenceNumber + " " + attempts
        : "failed " + number + " " + error.replaceAll("\\R", " ");
  }
}
