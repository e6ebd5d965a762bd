package leat.compat.kcl;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of a {@link ShardJournal}.
 *
 * @param worker the worker that told it
 * @param name what happened
 * @param processor the record processor, counted by the worker
 * @param nanos when, on the monotonic clock that all processes of the machine share
 * @param shard the shard's id
 * @param sequence the record's number, or the last one's that the processor knew
 * @param data the record's payload
 */
record Event(String worker, String name, String processor, long nanos, String shard,
    String sequence, String data) {
  private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\":\"([^\"]*)\"");

  static Event parse(String worker, String line) {
    Map<String, String> members = new HashMap<>();
    for (Matcher m = MEMBER.matcher(line); m.find(); ) {
      members.put(m.group(1), m.group(2));
    }
    if (!members.containsKey("event")) {
      throw new IllegalArgumentException(worker + " said " + line);
    }
    return new Event(worker, members.get("event"), members.get("processor"),
        Long.parseLong(members.get("nanos")), members.get("shard"), members.get("sequence"),
        members.get("data"));
  }
}
