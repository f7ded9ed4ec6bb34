package dev.vestibule.cpu.micro;

/**
 * Which micro-operations on vectors of integers and of VMX's floating-point numbers exist?
 *
 * <p>Operands are pairs of slots, see {@link Op}; elements are numbered from the left. A family of
 * four is an operation for each size of element: the family's number plus {@link #BYTES}, {@link
 * #HALFWORDS}, {@link #WORDS} or {@link #DOUBLEWORDS}. Operations called saturating set VSCR.SAT
 * when an element did not fit.
 */
public final class VmxOp {
  /** Slot of the VSCR: NJ is 0x10000, SAT is 1. */
  public static final int VSCR = 49;

  public static final int BYTES = 0;
  public static final int HALFWORDS = 1;
  public static final int WORDS = 2;
  public static final int DOUBLEWORDS = 3;

  /** First of this class. */
  public static final int FIRST = 520;

  // ---- families: element of d from the same elements of a and b
  public static final int ADD = 520;
  public static final int SUB = 524;

  /** (a + b + 1) / 2. */
  public static final int AVGU = 528;

  public static final int AVGS = 532;
  public static final int MAXU = 536;
  public static final int MAXS = 540;
  public static final int MINU = 544;
  public static final int MINS = 548;

  /** All ones where the comparison holds, else 0. */
  public static final int CMPEQ = 552;

  public static final int CMPGTU = 556;
  public static final int CMPGTS = 560;

  /** Rotates and shifts of a's element by b's, modulo the element's width. */
  public static final int ROTL = 564;

  public static final int SHL = 568;
  public static final int SHR = 572;
  public static final int SAR = 576;

  /** Leading zeros of a's element. */
  public static final int CLZ = 580;

  /** Ones in a's element. */
  public static final int POPCNT = 584;

  // ---- saturating families
  public static final int ADDU_SAT = 588;
  public static final int ADDS_SAT = 592;
  public static final int SUBU_SAT = 596;
  public static final int SUBS_SAT = 600;

  // ---- families of other shapes; the size is that of the source's elements
  /** d = a's and b's elements of the left half, alternating. */
  public static final int MERGEH = 604;

  public static final int MERGEL = 608;

  /** All elements of d = element e of a. */
  public static final int SPLAT = 612;

  /** All elements of d = imm (that of bits 32..63), a sign-extended number. */
  public static final int SPLATI = 616;

  /** d = products, twice as wide, of the even elements of a and b. */
  public static final int MULEU = 620;

  public static final int MULES = 624;
  public static final int MULOU = 628;
  public static final int MULOS = 632;

  /** d = products of polynomials over two elements, even and odd ones added. */
  public static final int PMSUM = 636;

  /** d = the low halves of a's elements, then of b's. */
  public static final int PACK = 640;

  /** The same of unsigned to unsigned numbers, saturating. */
  public static final int PACKUU = 644;

  public static final int PACKSS = 648;
  public static final int PACKSU = 652;

  /** d = the left half's elements of a, sign-extended to twice their width. */
  public static final int UNPACKH = 656;

  public static final int UNPACKL = 660;

  /**
   * d = c with element (b mod 16) / size, counted from the left, or from the right if e is 1,
   * replaced by the low bits of the integer slot a; b is an integer slot, an address.
   */
  public static final int PUT = 664;

  /** Integer slot d = the element of a that {@link #PUT} would replace. */
  public static final int GET = 668;

  // ---- single operations: integers
  /** d = the carry out of each word of a + b. */
  public static final int ADDCARRYW = 672;

  /** d = 1 where a's word is at least b's, else 0. */
  public static final int SUBCARRYW = 673;

  /** d = the low words of the products of words. */
  public static final int MULW = 674;

  /** d = (a * b >> 15) + c in signed halfwords, saturating. */
  public static final int MULHADD = 675;

  /** The same with the product rounded. */
  public static final int MULHRADD = 676;

  /** d = a * b + c in halfwords. */
  public static final int MULLADD = 677;

  /** d's words = c's plus the products of the elements that they cover. */
  public static final int MSUMUB = 678;

  /** Signed bytes of a, unsigned of b. */
  public static final int MSUMMB = 679;

  public static final int MSUMUH = 680;
  public static final int MSUMUH_SAT = 681;
  public static final int MSUMSH = 682;
  public static final int MSUMSH_SAT = 683;

  /** Word 3 of d = the sum of a's words and b's word 3, saturating; the other words 0. */
  public static final int SUMW = 684;

  /** The same for each doubleword. */
  public static final int SUM2W = 685;

  /** d's words = b's plus the elements of a that they cover, saturating. */
  public static final int SUM4SB = 686;

  public static final int SUM4SH = 687;
  public static final int SUM4UB = 688;

  // ---- numbers of 128 bits; c's lowest bit is a carry
  public static final int ADDQ = 692;
  public static final int ADDCARRYQ = 693;
  public static final int ADDEQ = 694;
  public static final int ADDECARRYQ = 695;
  public static final int SUBQ = 696;
  public static final int SUBCARRYQ = 697;
  public static final int SUBEQ = 698;
  public static final int SUBECARRYQ = 699;

  /** d = a shifted by the bits that b's lowest three bits say. */
  public static final int SHLQ = 700;

  public static final int SHRQ = 701;

  /** d = a shifted by the bytes that the four bits above them say. */
  public static final int SHLO = 702;

  public static final int SHRO = 703;

  // ---- permutations
  /** d = the bytes of a and b, as one row of 32, that c's bytes modulo 32 name. */
  public static final int PERM = 708;

  /** Bytes of a that the left halves of c's bytes name, plus bytes of b that the right ones do. */
  public static final int PERMXOR = 709;

  /** d = 16 bytes of a and b from byte e on. */
  public static final int SHIFT = 710;

  /** d = the even words of a and b, alternating. */
  public static final int MERGEEW = 711;

  public static final int MERGEOW = 712;

  /** d = the bytes a mod 16 and so on; a is an integer slot. */
  public static final int LVSL = 713;

  /** d = the bytes 16 - a mod 16 and so on. */
  public static final int LVSR = 714;

  public static final int PACKPX = 715;
  public static final int UNPACKHPX = 716;
  public static final int UNPACKLPX = 717;

  /** d's high doubleword = the 16 bits of a that b's bytes name; the other is 0. */
  public static final int BPERMQ = 718;

  /** d = each doubleword of a as a matrix of 8 by 8 bits, transposed. */
  public static final int GBBD = 719;

  /** Integer slot d = 8 if a is all ones, 2 if it is all zeros, else 0. */
  public static final int ALL = 720;

  // ---- AES and SHA-2
  public static final int CIPHER = 724;
  public static final int CIPHERLAST = 725;
  public static final int NCIPHER = 726;
  public static final int NCIPHERLAST = 727;
  public static final int SBOX = 728;

  /** The sigma functions that e names: ST << 4 | SIX. */
  public static final int SIGMAW = 729;

  public static final int SIGMAD = 730;

  // ---- singles: nearest-even, no status; VSCR.NJ makes denormalized numbers zeros
  public static final int FADD = 736;
  public static final int FSUB = 737;

  /** d = a * c + b. */
  public static final int FMADD = 738;

  /** d = -(a * c - b). */
  public static final int FNMSUB = 739;

  public static final int FMAX = 740;
  public static final int FMIN = 741;
  public static final int FRECIPROCAL = 742;
  public static final int FRSQRT = 743;
  public static final int FEXP2 = 744;
  public static final int FLOG2 = 745;

  /** d = a rounded to integers in the mode e of FpEnv. */
  public static final int FROUND = 746;

  /** d = a times 2 to the e as signed words, saturating. */
  public static final int FTOS = 747;

  public static final int FTOU = 748;

  /** d = a's signed words divided by 2 to the e. */
  public static final int FFROMS = 749;

  public static final int FFROMU = 750;
  public static final int FCMPEQ = 751;
  public static final int FCMPGE = 752;
  public static final int FCMPGT = 753;

  /** Bit 0 of d's words: a above b; bit 1: a below -b. */
  public static final int FBOUNDS = 754;

  private VmxOp() {}
}
