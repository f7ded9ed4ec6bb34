package dev.vestibule.cpu.power;

import dev.vestibule.declare.InstructionSet;

/** Where do Power's instruction words keep their fields? Names as in ISA 2.07B Book I, 1.6. */
@InstructionSet(
    decoder = "PowerDecoder",
    fields = {
      "rt=6-10", "rs=6-10", "ra=11-15", "rb=16-20", "rc=31", "oe=21",
      "si=16-31s", "ui=16-31", "d=16-31s", "ds=16-29s<<2", "dq=16-27s<<4", "sh=16-20",
      "mb=21-25", "me=26-30", "sh6=30,16-20", "mb6=26,21-25",
      "bo=6-10", "bi=11-15", "bh=19-20", "bd=16-29s<<2", "li=6-29s<<2", "aa=30", "lk=31",
      "bt=6-10", "ba=11-15", "bb=16-20", "bf=6-8", "bfa=11-13", "l=10", "lx=9-10", "to=6-10",
      "spr=16-20,11-15", "tbr=16-20,11-15", "fxm=12-19", "nb=16-20", "ct=7-10", "lev=20-26",
      "sr=12-15", "bc=21-25", "eh=31",
      "frt=6-10", "frs=6-10", "fra=11-15", "frb=16-20", "frc=21-25", "u=16-19", "flm=7-14",
      "w=15", "lf=6",
      "vrt=6-10", "vrs=6-10", "vra=11-15", "vrb=16-20", "vrc=21-25", "shb=22-25", "sim=11-15s",
      "uim=11-15", "uim4=12-15", "uim3=13-15", "uim2=14-15", "vrcr=21", "ps=22", "t=6", "strm=9-10", "st=16", "six=17-20",
      "xt=31,6-10", "xs=31,6-10", "xa=29,11-15", "xb=30,16-20", "xc=28,21-25", "dm=22-23",
      "shw=22-23", "xrc=21"
    })
final class Fields {
  private Fields() {}
}
