package dev.vestibule.cpu.power;

import dev.vestibule.cpu.power.Syntax.Field;
import dev.vestibule.cpu.power.Syntax.Mnemonic;
import dev.vestibule.cpu.power.Syntax.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which extended mnemonics are there (ISA 2.07B Book I appendix E, Book II appendix)? Each is a
 * line: what is written, and the basic instruction it stands for, whose operands may be constants
 * or small sums of the alias's own.
 */
final class Aliases {
  /**
   * One extended mnemonic.
   *
   * @param inputOnly whether only the assembler knows it
   */
  record Alias(
      Mnemonic mnemonic,
      List<String> operands,
      Row row,
      List<String> baseOperands,
      boolean inputOnly) {

    /** The operands' values if a word is this alias, or null. */
    @Nullable Map<String, Integer> match(int word) {
      Map<String, Integer> values = new HashMap<>();
      for (int i = 0; i < baseOperands.size(); i++) {
        int value = Syntax.field(row.operands().get(i)).extract(word);
        if (!solve(baseOperands.get(i), value, values)) {
          return null;
        }
      }
      return values;
    }

    /** Finds the operand for which a sum such as {@code 31-n} or {@code 4*bf+2} has this value. */
    private static boolean solve(String sum, int value, Map<String, Integer> values) {
      String name = "";
      for (String part : sum.split("[-+*]", -1)) {
        name = Character.isLetter(part.charAt(0)) ? part : name;
      }
      if (name.isEmpty() || values.containsKey(name)) {
        return evaluate(sum, values) == value;
      }
      int constant = evaluate(sum, Map.of(name, 0));
      int factor = evaluate(sum, Map.of(name, 1)) - constant;
      int operand = (value - constant) / factor;
      Field field = Syntax.fieldOrNull(name);
      int last = field == null ? 0 : field.kind().last;
      values.put(name, operand);
      return operand * factor + constant == value && (last == 0 || operand >= 0 && operand <= last);
    }

    /** The base instruction's operand fields for these values. */
    int encode(Map<String, Integer> values) {
      int word = row.value();
      for (int i = 0; i < baseOperands.size(); i++) {
        Field field = Syntax.field(row.operands().get(i));
        word |= field.insert(evaluate(baseOperands.get(i), values));
      }
      return word;
    }

    private static int evaluate(String sum, Map<String, Integer> values) {
      int result = 0;
      int sign = 1;
      for (String term : sum.split("(?=[-+])", -1)) {
        String text = term;
        if (text.charAt(0) == '-' || text.charAt(0) == '+') {
          sign = text.charAt(0) == '-' ? -1 : 1;
          text = text.substring(1);
        }
        int product = 1;
        for (String factor : text.split("\\*", -1)) {
          Integer value = values.get(factor);
          product *= value == null ? Integer.parseInt(factor) : value;
        }
        result += sign * product;
      }
      return result;
    }
  }

  private static final String[] TABLE = {
    // Fixed point, E.9 and E.2
    "nop = ori 0,0,0",
    "xnop = xori 0,0,0",
    "li rt,si = addi rt,0,si",
    "lis rt,si = addis rt,0,si",
    "< la rt,si(ra) = addi rt,ra,si",
    "< subi rt,ra,n = addi rt,ra,0-n",
    "< subis rt,ra,n = addis rt,ra,0-n",
    "< subic rt,ra,n = addic rt,ra,0-n",
    "mr{rc:.} ra,rs = or{rc:.} ra,rs,rs",
    "not{rc:.} ra,rs = nor{rc:.} ra,rs,rs",
    "< sub{oe:o}{rc:.} rt,rb,ra = subf{oe:o}{rc:.} rt,ra,rb",
    "< subc{oe:o}{rc:.} rt,rb,ra = subfc{oe:o}{rc:.} rt,ra,rb",
    // Compare, E.3
    "cmpwi ra,si = cmpi 0,0,ra,si",
    "cmpwi bf,ra,si = cmpi bf,0,ra,si",
    "cmpdi ra,si = cmpi 0,1,ra,si",
    "cmpdi bf,ra,si = cmpi bf,1,ra,si",
    "cmplwi ra,ui = cmpli 0,0,ra,ui",
    "cmplwi bf,ra,ui = cmpli bf,0,ra,ui",
    "cmpldi ra,ui = cmpli 0,1,ra,ui",
    "cmpldi bf,ra,ui = cmpli bf,1,ra,ui",
    "cmpw ra,rb = cmp 0,0,ra,rb",
    "cmpw bf,ra,rb = cmp bf,0,ra,rb",
    "cmpd ra,rb = cmp 0,1,ra,rb",
    "cmpd bf,ra,rb = cmp bf,1,ra,rb",
    "cmplw ra,rb = cmpl 0,0,ra,rb",
    "cmplw bf,ra,rb = cmpl bf,0,ra,rb",
    "cmpld ra,rb = cmpl 0,1,ra,rb",
    "cmpld bf,ra,rb = cmpl bf,1,ra,rb",
    // Rotates and shifts, E.7
    "rotlwi{rc:.} ra,rs,sh = rlwinm{rc:.} ra,rs,sh,0,31",
    "clrlwi{rc:.} ra,rs,mb = rlwinm{rc:.} ra,rs,0,mb,31",
    "clrrwi{rc:.} ra,rs,n = rlwinm{rc:.} ra,rs,0,0,31-n",
    "slwi{rc:.} ra,rs,sh = rlwinm{rc:.} ra,rs,sh,0,31-sh",
    "srwi{rc:.} ra,rs,mb = rlwinm{rc:.} ra,rs,32-mb,mb,31",
    "< rotrwi{rc:.} ra,rs,n = rlwinm{rc:.} ra,rs,32-n,0,31",
    "< extlwi{rc:.} ra,rs,n,b = rlwinm{rc:.} ra,rs,b,0,n-1",
    "< extrwi{rc:.} ra,rs,n,b = rlwinm{rc:.} ra,rs,b+n,32-n,31",
    "< clrlslwi{rc:.} ra,rs,b,n = rlwinm{rc:.} ra,rs,n,b-n,31-n",
    "< inslwi{rc:.} ra,rs,n,b = rlwimi{rc:.} ra,rs,32-b,b,b+n-1",
    "< insrwi{rc:.} ra,rs,n,b = rlwimi{rc:.} ra,rs,32-b-n,b,b+n-1",
    "rotlw{rc:.} ra,rs,rb = rlwnm{rc:.} ra,rs,rb,0,31",
    "rotldi{rc:.} ra,rs,sh6 = rldicl{rc:.} ra,rs,sh6,0",
    "clrldi{rc:.} ra,rs,mb6 = rldicl{rc:.} ra,rs,0,mb6",
    "srdi{rc:.} ra,rs,mb6 = rldicl{rc:.} ra,rs,64-mb6,mb6",
    "< rotrdi{rc:.} ra,rs,n = rldicl{rc:.} ra,rs,64-n,0",
    "< extrdi{rc:.} ra,rs,n,b = rldicl{rc:.} ra,rs,b+n,64-n",
    "clrrdi{rc:.} ra,rs,n = rldicr{rc:.} ra,rs,0,63-n",
    "sldi{rc:.} ra,rs,sh6 = rldicr{rc:.} ra,rs,sh6,63-sh6",
    "< extldi{rc:.} ra,rs,n,b = rldicr{rc:.} ra,rs,b,n-1",
    "< clrlsldi{rc:.} ra,rs,b,n = rldic{rc:.} ra,rs,n,b-n",
    "< insrdi{rc:.} ra,rs,n,b = rldimi{rc:.} ra,rs,64-b-n,b",
    "rotld{rc:.} ra,rs,rb = rldcl{rc:.} ra,rs,rb,0",
    // A count of 0 means 32.
    "lswi rt,ra,32 = lswi rt,ra,0",
    "stswi rs,ra,32 = stswi rs,ra,0",
    // The hint that the reservation is for a lock
    "lbarx rt,ra,rb = lbarx rt,ra,rb,0",
    "lharx rt,ra,rb = lharx rt,ra,rb,0",
    "lwarx rt,ra,rb = lwarx rt,ra,rb,0",
    "ldarx rt,ra,rb = ldarx rt,ra,rb,0",
    "lqarx rt,ra,rb = lqarx rt,ra,rb,0",
    // Select
    "isellt rt,ra,rb = isel rt,ra,rb,0",
    "iselgt rt,ra,rb = isel rt,ra,rb,1",
    "iseleq rt,ra,rb = isel rt,ra,rb,2",
    // Condition register logic, E.4
    "crset bt = creqv bt,bt,bt",
    "crclr bt = crxor bt,bt,bt",
    "crmove bt,ba = cror bt,ba,ba",
    "crnot bt,ba = crnor bt,ba,ba",
    // Special registers, E.8
    "mfxer rt = mfspr rt,1",
    "mflr rt = mfspr rt,8",
    "mfctr rt = mfspr rt,9",
    "mfvrsave rt = mfspr rt,256",
    "mftb rt = mfspr rt,268",
    "mftbu rt = mfspr rt,269",
    "mtxer rs = mtspr 1,rs",
    "mtlr rs = mtspr 8,rs",
    "mtctr rs = mtspr 9,rs",
    "mtvrsave rs = mtspr 256,rs",
    "mftb rt = mftb rt,268",
    "mftbu rt = mftb rt,269",
    "< mftbl rt = mftb rt,268",
    "mtcr rs = mtcrf 255,rs",
    // System call, barriers
    "sc = sc 0",
    "hwsync = sync 0",
    "lwsync = sync 1",
    "ptesync = sync 2",
    "< sync = sync 0",
    // Traps, E.5
    "trap = tw 31,0,0",
    // Floating point and vectors
    "mtfsfi{rc:.} bf,u = mtfsfi{rc:.} bf,u,0",
    "mtfsf{rc:.} flm,frb = mtfsf{rc:.} flm,frb,0,0",
    "mtfsf{rc:.} flm,frb,lf = mtfsf{rc:.} flm,frb,lf,0",
    "vmr vrt,vra = vor vrt,vra,vra",
    "vnot vrt,vra = vnor vrt,vra,vra",
    "xvmovdp xt,xa = xvcpsgndp xt,xa,xa",
    "xvmovsp xt,xa = xvcpsgnsp xt,xa,xa",
    "xxmr xt,xa = xxlor xt,xa,xa",
    "xxlnot xt,xa = xxlnor xt,xa,xa",
    "mffprd ra,frs = mfvsrd ra,frs",
    "mfvrd ra,vrs = mfvsrd ra,vrs+32",
    "mffprwz ra,frs = mfvsrwz ra,frs",
    "mfvrwz ra,vrs = mfvsrwz ra,vrs+32",
    "mtfprd frt,ra = mtvsrd frt,ra",
    "mtvrd vrt,ra = mtvsrd vrt+32,ra",
    "mtfprwa frt,ra = mtvsrwa frt,ra",
    "mtvrwa vrt,ra = mtvsrwa vrt+32,ra",
    "mtfprwz frt,ra = mtvsrwz frt,ra",
    "mtvrwz vrt,ra = mtvsrwz vrt+32,ra",
    "xxspltd xt,xa,0 = xxpermdi xt,xa,xa,0",
    "xxspltd xt,xa,1 = xxpermdi xt,xa,xa,3",
    "xxmrghd xt,xa,xb = xxpermdi xt,xa,xb,0",
    "xxmrgld xt,xa,xb = xxpermdi xt,xa,xb,3",
    "xxswapd xt,xa = xxpermdi xt,xa,xa,2",
  };

  private static final String[] CONDITIONS = {
    "lt", "gt", "eq", "so", "ge", "le", "ne", "ns", "un", "ng", "nl", "nu"
  };
  private static final int[] CONDITION_BITS = {0, 1, 2, 3, 0, 1, 2, 3, 3, 1, 0, 3};
  private static final boolean[] CONDITION_TRUE = {
    true, true, true, true, false, false, false, false, true, false, false, false
  };

  private static final String[] TRAPS = {
    "lgt", "llt", "eq", "lge", "lle", "gt", "ge", "lt", "le", "ne", "u"
  };
  private static final int[] TRAP_CONDITIONS = {1, 2, 4, 5, 6, 8, 12, 16, 20, 24, 31};

  private static final List<Alias> ALL = new ArrayList<>();

  static {
    for (String line : TABLE) {
      add(line);
    }
    for (int i = 0; i < TRAPS.length; i++) {
      for (String form : new String[] {"tw ra,rb", "td ra,rb", "twi ra,si", "tdi ra,si"}) {
        String operands = form.substring(form.indexOf(' ') + 1);
        String base = form.substring(0, form.indexOf(' '));
        String name = base.substring(0, 2) + TRAPS[i] + base.substring(2);
        add(name + " " + operands + " = " + base + " " + TRAP_CONDITIONS[i] + "," + operands);
      }
    }
    branches();
  }

  private Aliases() {}

  static List<Alias> all() {
    return ALL;
  }

  private static void branches() {
    unconditional("lr", "bclr{lk:l}");
    unconditional("ctr", "bcctr{lk:l}");
    unconditional("tar", "bctar{lk:l}");
    for (int i = 0; i < CONDITIONS.length; i++) {
      String input = i < 8 ? "" : "< ";
      int bo = CONDITION_TRUE[i] ? 12 : 4;
      for (int hint = 0; hint < 3; hint++) {
        String mark = new String[] {"", "-", "+"}[hint];
        int at = hint == 0 ? 0 : hint + 1;
        String name = input + "b" + CONDITIONS[i];
        String bi = "4*bf+" + CONDITION_BITS[i];
        String bits = (bo | at) + ",";
        String link = "{lk:l}{aa:a}" + mark;
        add(name + link + " bd = bc{lk:l}{aa:a} " + bits + CONDITION_BITS[i] + ",bd");
        add(name + link + " bf,bd = bc{lk:l}{aa:a} " + bits + bi + ",bd");
        if (hint == 0) { // The last bit is reserved where the one before it is 0.
          String odd = (bo | 1) + ",";
          add(name + link + " bd = bc{lk:l}{aa:a} " + odd + CONDITION_BITS[i] + ",bd");
          add(name + link + " bf,bd = bc{lk:l}{aa:a} " + odd + bi + ",bd");
        }
        for (String to : new String[] {"lr", "ctr", "tar"}) {
          String base = to.equals("lr") ? "bclr{lk:l} " : "bc" + to + "{lk:l} ";
          String spelled = name + to + "{lk:l}" + mark;
          add(spelled + " = " + base + bits + CONDITION_BITS[i] + ",0");
          add(spelled + " bf = " + base + bits + bi + ",0");
          add(spelled + " bf,bh = " + base + bits + bi + ",bh");
        }
      }
    }
    String[] count = {"bdnz", "bdnz-", "bdnz+", "bdz", "bdz-", "bdz+"};
    int[] countBo = {16, 24, 25, 18, 26, 27};
    for (int i = 0; i < count.length; i++) {
      String stem = count[i].replaceAll("[-+]", "");
      String mark = count[i].substring(stem.length());
      add(stem + "{lk:l}{aa:a}" + mark + " bd = bc{lk:l}{aa:a} " + countBo[i] + ",0,bd");
      for (String to : new String[] {"lr", "tar"}) {
        String base = to.equals("lr") ? " = bclr{lk:l} " : " = bctar{lk:l} ";
        add(stem + to + "{lk:l}" + mark + base + countBo[i] + ",0,0");
        add(stem + to + "{lk:l}" + mark + " bh" + base + countBo[i] + ",0,bh");
      }
    }
    String[] both = {"bdnzf", "bdzf", "bdnzt", "bdzt"};
    int[] bothBo = {0, 2, 8, 10};
    for (int i = 0; i < both.length; i++) {
      // The last bit of these BO values is ignored.
      int bo = bothBo[i];
      add(both[i] + "{lk:l}{aa:a} bi,bd = bc{lk:l}{aa:a} " + bo + ",bi,bd");
      add(both[i] + "{lk:l}{aa:a} bi,bd = bc{lk:l}{aa:a} " + (bo + 1) + ",bi,bd");
      add(both[i] + "lr{lk:l} bi = bclr{lk:l} " + bo + ",bi,0");
      add(both[i] + "lr{lk:l} bi,bh = bclr{lk:l} " + bo + ",bi,bh");
      add(both[i] + "tar{lk:l} bi = bctar{lk:l} " + bo + ",bi,0");
      add(both[i] + "tar{lk:l} bi,bh = bctar{lk:l} " + bo + ",bi,bh");
    }
    for (String base : new String[] {"bclr{lk:l}", "bcctr{lk:l}", "bctar{lk:l}"}) {
      add(base + " bo,bi = " + base + " bo,bi,0");
    }
  }

  private static void unconditional(String to, String base) {
    add("b" + to + "{lk:l} = " + base + " 20,0,0");
    add("b" + to + "{lk:l} bh = " + base + " 20,0,bh");
  }

  /** Rows that the instruction table does not have make no aliases. */
  private static void add(String line) {
    boolean inputOnly = line.startsWith("< ");
    int equals = line.indexOf(" = ");
    String[] left = (inputOnly ? line.substring(2, equals) : line.substring(0, equals)).split(" ");
    String[] right = line.substring(equals + 3).split(" ");
    List<String> baseOperands = Syntax.operands(right.length > 1 ? right[1] : "");
    Mnemonic base = Mnemonic.parse(right[0]);
    for (Row row : Syntax.rows()) {
      if (row.mnemonic().equals(base) && row.operands().size() == baseOperands.size()) {
        ALL.add(
            new Alias(
                Mnemonic.parse(left[0]),
                Syntax.operands(left.length > 1 ? left[1] : ""),
                row,
                baseOperands,
                inputOnly));
      }
    }
  }
}
