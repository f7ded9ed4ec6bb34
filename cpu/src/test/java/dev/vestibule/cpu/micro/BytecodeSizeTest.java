package dev.vestibule.cpu.micro;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vestibule.cpu.GuestMemory;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Are methods small enough for HotSpot? */
class BytecodeSizeTest {
  /** Beyond this many bytes of bytecode a method is never compiled (HugeMethodLimit). */
  private static final int NEVER_COMPILED = 8000;

  /** Beyond this many bytes a hot method is not inlined (FreqInlineSize). */
  private static final int NOT_INLINED = 325;

  private static final List<String> INLINED =
      List.of(
          "GuestMemory.loadable",
          "GuestMemory.storable",
          "GuestMemory.checked",
          "Block.successor",
          "Cpu.block",
          "Lanes.add",
          "Lanes.equal",
          "VmxOps.execute",
          "VectorOps.execute");

  @Test
  void everyMethodCanBeCompiled() throws Exception {
    Map<String, Integer> sizes = sizes();
    assertThat(sizes).containsKey("Interpreter.run").containsKey("PowerDecoder.decode");
    sizes.values().removeIf(size -> size <= NEVER_COMPILED);
    sizes.keySet().removeIf(method -> method.endsWith(".<clinit>")); // run once
    assertThat(sizes).isEmpty();
  }

  @Test
  void hotMethodsCanBeInlined() throws Exception {
    Map<String, Integer> sizes = sizes();
    for (String method : INLINED) {
      assertThat(sizes).containsKey(method);
      assertThat(sizes.get(method)).as(method).isLessThanOrEqualTo(NOT_INLINED);
    }
  }

  /** Bytes of bytecode by class and method; the largest of overloaded ones. */
  private static Map<String, Integer> sizes() throws IOException, URISyntaxException {
    Path classes =
        Path.of(GuestMemory.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Map<String, Integer> sizes = new HashMap<>();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        ClassModel model = ClassFile.of().parse(file);
        String name = model.thisClass().asInternalName();
        for (MethodModel method : model.methods()) {
          if (method.code().orElse(null) instanceof CodeAttribute code) {
            String key =
                name.substring(name.lastIndexOf('/') + 1) + "." + method.methodName().stringValue();
            sizes.merge(key, code.codeLength(), Math::max);
          }
        }
      }
    }
    return sizes;
  }
}
