import dev.vestibule.cpu.Engine;
import dev.vestibule.kernel.Machine;
import dev.vestibule.profile.Profiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What does one more guest cost in a JVM that has run others? {@code NextGuest ENGINE PROGRAM} */
final class NextGuest {
  private static final int GUESTS = 200;

  private NextGuest() {}

  public static void main(String[] args) throws Exception {
    Engine engine = Engine.valueOf(args[0]);
    String program = args[1];
    String guest = Path.of(program).getParent().getFileName().toString();
    long[] times = new long[GUESTS];
    for (int i = 0; i < GUESTS; i++) {
      long start = System.nanoTime();
      Machine machine = Machine.builder(Profiles.load(guest + "-6.1")).engine(engine).build();
      int status = machine.run(program, List.of(program), List.of(), "/");
      machine.close();
      times[i] = System.nanoTime() - start;
      if (status != 0) {
        throw new IllegalStateException("status " + status);
      }
    }
    long[] warm = Arrays.copyOfRange(times, GUESTS / 2, GUESTS);
    Arrays.sort(warm);
    System.err.println("next-guest " + warm[warm.length / 2] + " ns");
  }
}
