import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Prints messages of Kafka's protocol as the Java client writes them, one JSON object a line:
 * api, side (request or response), version, fill (full or bare), hex, json (the same as values).
 * Arguments: KEY:OLDEST-NEWEST, for each API.
 */
public final class WireVectors {
  private final boolean full;
  private int counter = 1;

  private WireVectors(boolean full) {
    this.full = full;
  }

  public static void main(String[] args) throws Exception {
    for (String arg : args) {
      String[] parts = arg.split("[:-]");
      ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(parts[0]));
      for (short v = Short.parseShort(parts[1]); v <= Short.parseShort(parts[2]); v++) {
        for (boolean full : new boolean[] {true, false}) {
          print(type, "request", type.requestSchemas()[v], type.newRequest(), v, full);
          print(type, "response", type.responseSchemas()[v], type.newResponse(), v, full);
        }
      }
    }
  }

  private static void print(
      ApiMessageType type, String side, Schema schema, ApiMessage data, short version, boolean full)
      throws Exception {
    Struct struct = (Struct) new WireVectors(full).valueOf(schema);
    ByteBuffer buffer = ByteBuffer.allocate(schema.sizeOf(struct));
    schema.write(buffer, struct);
    buffer.flip();
    StringBuilder hex = new StringBuilder();
    for (byte it : buffer.array()) hex.append(String.format("%02x", it));
    data.read(new ByteBufferAccessor(buffer), version);
    if (buffer.hasRemaining()) throw new IllegalStateException(type.name + " was not read whole");
    Class<?> converter = Class.forName(data.getClass().getName() + "JsonConverter");
    JsonNode json =
        (JsonNode)
            converter.getMethod("write", data.getClass(), short.class).invoke(null, data, version);
    System.out.printf(
        "{\"api\":%d,\"side\":\"%s\",\"version\":%d,\"fill\":\"%s\",\"hex\":\"%s\",\"json\":%s}%n",
        type.apiKey(), side, version, full ? "full" : "bare", hex, json);
  }

  /** Full: every value differs, nothing is null, lists have two items. Bare: null and empty. */
  private Object valueOf(Type type) {
    if (!full && type.isNullable()) return null;
    if (type instanceof Schema schema) return structOf(schema);
    if (type instanceof TaggedFields tagged) return tagsOf(tagged);
    if (type.isArray()) {
      List<Object> items = new ArrayList<>();
      for (int i = 0; full && i < 2; i++) items.add(valueOf(type.arrayElementType().get()));
      return items.toArray();
    }
    int n = counter++;
    return switch (type.toString().replace("COMPACT_", "").replace("NULLABLE_", "")) {
      case "BOOLEAN" -> n % 2 == 1;
      case "INT8" -> (byte) n;
      case "INT16" -> (short) (n * 101);
      case "UINT16" -> n * 101;
      case "INT32" -> n * 100_003;
      case "UINT32" -> n * 100_003L;
      case "INT64" -> n * 10_000_000_019L;
      case "FLOAT64" -> n / 8.0;
      case "UUID" -> new Uuid(n * 1_000_000_007L, n);
      case "STRING" -> full ? "s\u00e9-" + n : "";
      case "BYTES" -> ByteBuffer.wrap(bytesOf(n));
      case "RECORDS" -> MemoryRecords.readableRecords(ByteBuffer.wrap(bytesOf(n)));
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private byte[] bytesOf(int n) {
    return full ? new byte[] {(byte) n, 0, (byte) 0xff} : new byte[0];
  }

  private Struct structOf(Schema schema) {
    Struct struct = new Struct(schema);
    for (BoundField field : schema.fields()) struct.set(field, valueOf(field.def.type));
    return struct;
  }

  private Map<Integer, Object> tagsOf(TaggedFields tagged) {
    Map<Integer, Object> values = new TreeMap<>();
    if (!full) return values;
    for (Map.Entry<Integer, Field> it : tagged.fields().entrySet()) {
      Type type = it.getValue().type;
      // A tagged false is the same as none, and ours is not written.
      values.put(it.getKey(), type == Type.BOOLEAN ? Boolean.TRUE : valueOf(type));
    }
    return values;
  }
}
