package dev.vestibule.cpu.power;

import dev.vestibule.cpu.Engine;
import org.junit.jupiter.api.Nested;

/** Does machine code pass the tests that the interpreter passes? */
class TranslatedTest {
  @Nested
  class RandomSequences extends RandomSequencesTest {
    @Override
    Engine engine() {
      return Engine.TRANSLATE;
    }
  }

  @Nested
  class RandomCode extends RandomCodeTest {
    @Override
    Engine engine() {
      return Engine.TRANSLATE;
    }
  }

  @Nested
  class Compared extends RandomSequencesTest {
    @Override
    Engine engine() {
      return Engine.BOTH;
    }
  }

  @Nested
  class SelfModifying extends SelfModifyingTest {
    @Override
    Engine engine() {
      return Engine.TRANSLATE;
    }
  }

  @Nested
  class Reservation extends ReservationTest {
    @Override
    Engine engine() {
      return Engine.TRANSLATE;
    }
  }

  @Nested
  class Atomics extends AtomicsTest {
    @Override
    Engine engine() {
      return Engine.TRANSLATE;
    }
  }
}
