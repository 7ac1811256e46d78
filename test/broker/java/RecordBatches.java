import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Iterator;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/**
 * Record batches by the Java client, without a broker: each line of standard input is a request,
 * each line of standard output its answer.
 *
 * <pre>
 * read HEX                   -> CODEC TEXT, as batchText of batch-text.ts writes it
 * write CODEC OFFSET APPEND_TIME PRODUCER EPOCH SEQUENCE TRANSACTIONAL HORIZON RECORD... -> HEX
 * marker commit|abort OFFSET TIME PRODUCER EPOCH COORDINATOR_EPOCH                     -> HEX
 * leader OFFSET TIME                                                                 -> HEX
 * </pre>
 *
 * A record is TIME;KEY;VALUE;NAME=VALUE,NAME=VALUE with all bytes in hex and "-" for null.
 * APPEND_TIME and HORIZON are -1 where the batch has none.
 */
public class RecordBatches {
  private static final HexFormat HEX = HexFormat.of();

  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    StringBuilder out = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.append(answer(line.split(" "))).append('\n');
    }
    System.out.print(out);
  }

  private static String answer(String[] words) {
    switch (words[0]) {
      case "read":
        return read(ByteBuffer.wrap(HEX.parseHex(words[1])));
      case "write":
        return write(words);
      case "marker":
        return hex(
            MemoryRecords.withEndTransactionMarker(
                Long.parseLong(words[2]),
                Long.parseLong(words[3]),
                RecordBatch.NO_PARTITION_LEADER_EPOCH,
                Long.parseLong(words[4]),
                Short.parseShort(words[5]),
                new EndTransactionMarker(
                    ControlRecordType.valueOf(words[1].toUpperCase()),
                    Integer.parseInt(words[6]))));
      case "leader":
        return hex(
            MemoryRecords.withLeaderChangeMessage(
                Long.parseLong(words[1]),
                Long.parseLong(words[2]),
                3,
                ByteBuffer.allocate(256),
                new LeaderChangeMessage().setLeaderId(1)));
      default:
        throw new IllegalArgumentException(words[0]);
    }
  }

  private static String write(String[] words) {
    long appendTime = Long.parseLong(words[3]);
    MemoryRecordsBuilder builder =
        new MemoryRecordsBuilder(
            new ByteBufferOutputStream(1024),
            RecordBatch.MAGIC_VALUE_V2,
            Compression.of(CompressionType.forName(words[1])).build(),
            appendTime < 0 ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME,
            Long.parseLong(words[2]),
            appendTime,
            Long.parseLong(words[4]),
            Short.parseShort(words[5]),
            Integer.parseInt(words[6]),
            words[7].equals("true"),
            false,
            RecordBatch.NO_PARTITION_LEADER_EPOCH,
            Integer.MAX_VALUE,
            Long.parseLong(words[8]));
    for (int i = 9; i < words.length; i++) {
      String[] fields = words[i].split(";", -1);
      builder.append(
          Long.parseLong(fields[0]), bytes(fields[1]), bytes(fields[2]), headers(fields[3]));
    }
    return hex(builder.build());
  }

  private static String read(ByteBuffer bytes) {
    Iterator<MutableRecordBatch> batches =
        MemoryRecords.readableRecords(bytes).batches().iterator();
    MutableRecordBatch batch = batches.next();
    batch.ensureValid();
    StringBuilder text = new StringBuilder();
    text.append(batch.compressionType().name);
    text.append(" offsets ").append(batch.baseOffset()).append("..").append(batch.lastOffset());
    text.append(" time ").append(batch.maxTimestamp());
    if (batch.timestampType() == TimestampType.LOG_APPEND_TIME) text.append(" appended");
    text.append(" producer ").append(batch.producerId());
    text.append('/').append(batch.producerEpoch());
    text.append('/').append(batch.baseSequence());
    if (batch.isTransactional()) text.append(" transactional");
    if (batch.isControlBatch()) text.append(" control");
    for (Record record : batch) {
      record.ensureValid();
      text.append(' ').append(record.offset()).append(';').append(record.timestamp());
      text.append(';').append(hex(record.hasKey() ? record.key() : null));
      text.append(';').append(hex(record.hasValue() ? record.value() : null)).append(';');
      String comma = "";
      for (Header header : record.headers()) {
        byte[] value = header.value();
        text.append(comma).append(HEX.formatHex(header.key().getBytes(StandardCharsets.UTF_8)));
        text.append('=').append(hex(value == null ? null : ByteBuffer.wrap(value)));
        comma = ",";
      }
    }
    if (batches.hasNext()) text.append(" and another batch");
    return text.toString();
  }

  private static Header[] headers(String text) {
    if (text.isEmpty()) return Record.EMPTY_HEADERS;
    String[] parts = text.split(",");
    Header[] headers = new Header[parts.length];
    for (int i = 0; i < parts.length; i++) {
      String[] nameAndValue = parts[i].split("=", -1);
      String name = new String(HEX.parseHex(nameAndValue[0]), StandardCharsets.UTF_8);
      headers[i] = new RecordHeader(name, bytes(nameAndValue[1]));
    }
    return headers;
  }

  private static byte[] bytes(String text) {
    return text.equals("-") ? null : HEX.parseHex(text);
  }

  private static String hex(MemoryRecords records) {
    return hex(records.buffer());
  }

  private static String hex(ByteBuffer bytes) {
    if (bytes == null) return "-";
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return HEX.formatHex(copy);
  }
}
