import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.MessageFormatter;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.tools.consumer.ConsoleConsumer;

/**
 * Kafka's console consumer, which prints one line a record: topic, partition, offset, time stamp,
 * key, value, headers, with tabs between them. Bytes are hexadecimal, null is "-"; a header is
 * "name=value", headers have commas between them.
 */
public class RecordLines implements MessageFormatter {
  private static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    String[] all = Arrays.copyOf(args, args.length + 2);
    all[args.length] = "--formatter";
    all[args.length + 1] = RecordLines.class.getName();
    ConsoleConsumer.main(all);
  }

  @Override
  public void writeTo(ConsumerRecord<byte[], byte[]> record, PrintStream output) {
    String headers =
        StreamSupport.stream(record.headers().spliterator(), false)
            .map(RecordLines::text)
            .collect(Collectors.joining(","));
    output.println(
        String.join(
            "\t",
            record.topic(),
            Integer.toString(record.partition()),
            Long.toString(record.offset()),
            Long.toString(record.timestamp()),
            hex(record.key()),
            hex(record.value()),
            headers));
  }

  private static String text(Header header) {
    return hex(header.key().getBytes(StandardCharsets.UTF_8)) + "=" + hex(header.value());
  }

  private static String hex(byte[] bytes) {
    return bytes == null ? "-" : HEX.formatHex(bytes);
  }
}
