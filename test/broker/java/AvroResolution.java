import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/**
 * Each line of standard input is a writer's schema and a reader's schema (JSON in base64) and bytes in hex, each line
 * of standard output the value as the reader's schema has it, written again (hex), or an error.
 */
public class AvroResolution {
  public static void main(String[] args) throws Exception {
    StringBuilder answers = new StringBuilder();
    for (String line : new BufferedReader(new InputStreamReader(System.in)).lines().toList()) {
      String[] parts = line.split(" ", -1);
      try {
        answers.append(read(schema(parts[0]), schema(parts[1]), HexFormat.of().parseHex(parts[2])));
      } catch (Exception error) {
        answers.append("error ").append(String.valueOf(error).replace('\n', ' '));
      }
      answers.append('\n');
    }
    System.out.print(answers);
  }

  private static Schema schema(String base64) {
    return new Schema.Parser().parse(new String(Base64.getDecoder().decode(base64)));
  }

  private static String read(Schema writer, Schema reader, byte[] bytes) throws Exception {
    Object value =
        new GenericDatumReader<>(writer, reader)
            .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<>(reader).write(value, encoder);
    encoder.flush();
    return HexFormat.of().formatHex(out.toByteArray());
  }
}
