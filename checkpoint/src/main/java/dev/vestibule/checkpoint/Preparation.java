package dev.vestibule.checkpoint;

import com.google.protobuf.Message;
import dev.vestibule.checkpoint.schema.CoreEntry;
import dev.vestibule.checkpoint.schema.CredsEntry;
import dev.vestibule.checkpoint.schema.DumpStatsEntry;
import dev.vestibule.checkpoint.schema.ExtFileEntry;
import dev.vestibule.checkpoint.schema.FdinfoEntry;
import dev.vestibule.checkpoint.schema.FileEntry;
import dev.vestibule.checkpoint.schema.FownEntry;
import dev.vestibule.checkpoint.schema.FsEntry;
import dev.vestibule.checkpoint.schema.HandedEntry;
import dev.vestibule.checkpoint.schema.InventoryEntry;
import dev.vestibule.checkpoint.schema.ItimerEntry;
import dev.vestibule.checkpoint.schema.MmEntry;
import dev.vestibule.checkpoint.schema.PagemapEntry;
import dev.vestibule.checkpoint.schema.PagemapHead;
import dev.vestibule.checkpoint.schema.PipeEntry;
import dev.vestibule.checkpoint.schema.PstreeEntry;
import dev.vestibule.checkpoint.schema.RegFileEntry;
import dev.vestibule.checkpoint.schema.RestartEntry;
import dev.vestibule.checkpoint.schema.RlimitEntry;
import dev.vestibule.checkpoint.schema.RseqEntry;
import dev.vestibule.checkpoint.schema.SaEntry;
import dev.vestibule.checkpoint.schema.SignalQueueEntry;
import dev.vestibule.checkpoint.schema.StatsEntry;
import dev.vestibule.checkpoint.schema.TaskCoreEntry;
import dev.vestibule.checkpoint.schema.TaskKobjIdsEntry;
import dev.vestibule.checkpoint.schema.TaskRlimitsEntry;
import dev.vestibule.checkpoint.schema.TaskTimersEntry;
import dev.vestibule.checkpoint.schema.ThreadCoreEntry;
import dev.vestibule.checkpoint.schema.ThreadInfoPpc64;
import dev.vestibule.checkpoint.schema.ThreadSasEntry;
import dev.vestibule.checkpoint.schema.TimensEntry;
import dev.vestibule.checkpoint.schema.Timespec;
import dev.vestibule.checkpoint.schema.UserPpc64FpstateEntry;
import dev.vestibule.checkpoint.schema.UserPpc64RegsEntry;
import dev.vestibule.checkpoint.schema.UserPpc64VrstateEntry;
import dev.vestibule.checkpoint.schema.UserPpc64VsxstateEntry;
import dev.vestibule.checkpoint.schema.VestibuleMachine;
import dev.vestibule.checkpoint.schema.VestibuleMemory;
import dev.vestibule.checkpoint.schema.VestibuleProcess;
import dev.vestibule.checkpoint.schema.VestibuleThread;
import dev.vestibule.checkpoint.schema.VestibuleVma;
import dev.vestibule.checkpoint.schema.VmaEntry;
import java.util.List;

/**
 * What can be done before a tree has to hold still? Some hundred classes of messages are loaded
 * when they are first used, which takes longer than writing 100 MiB of memory; so one of each is
 * made and written beforehand.
 */
final class Preparation {
  private static boolean done;

  private Preparation() {}

  /** Does so once. */
  static synchronized void prepare() {
    if (done) {
      return;
    }
    done = true;
    for (Message each : written()) {
      byte[] nothing = each.newBuilderForType().buildPartial().toByteArray();
      assert nothing.length == 0;
    }
  }

  private static List<Message> written() {
    return List.of(
        CoreEntry.getDefaultInstance(),
        CredsEntry.getDefaultInstance(),
        DumpStatsEntry.getDefaultInstance(),
        ExtFileEntry.getDefaultInstance(),
        FdinfoEntry.getDefaultInstance(),
        FileEntry.getDefaultInstance(),
        FownEntry.getDefaultInstance(),
        FsEntry.getDefaultInstance(),
        HandedEntry.getDefaultInstance(),
        InventoryEntry.getDefaultInstance(),
        ItimerEntry.getDefaultInstance(),
        MmEntry.getDefaultInstance(),
        PagemapEntry.getDefaultInstance(),
        PagemapHead.getDefaultInstance(),
        PipeEntry.getDefaultInstance(),
        PstreeEntry.getDefaultInstance(),
        RegFileEntry.getDefaultInstance(),
        RestartEntry.getDefaultInstance(),
        RlimitEntry.getDefaultInstance(),
        RseqEntry.getDefaultInstance(),
        SaEntry.getDefaultInstance(),
        SignalQueueEntry.getDefaultInstance(),
        StatsEntry.getDefaultInstance(),
        TaskCoreEntry.getDefaultInstance(),
        TaskKobjIdsEntry.getDefaultInstance(),
        TaskRlimitsEntry.getDefaultInstance(),
        TaskTimersEntry.getDefaultInstance(),
        ThreadCoreEntry.getDefaultInstance(),
        ThreadInfoPpc64.getDefaultInstance(),
        ThreadSasEntry.getDefaultInstance(),
        TimensEntry.getDefaultInstance(),
        Timespec.getDefaultInstance(),
        UserPpc64FpstateEntry.getDefaultInstance(),
        UserPpc64RegsEntry.getDefaultInstance(),
        UserPpc64VrstateEntry.getDefaultInstance(),
        UserPpc64VsxstateEntry.getDefaultInstance(),
        VestibuleMachine.getDefaultInstance(),
        VestibuleMemory.getDefaultInstance(),
        VestibuleProcess.getDefaultInstance(),
        VestibuleThread.getDefaultInstance(),
        VestibuleVma.getDefaultInstance(),
        VmaEntry.getDefaultInstance());
  }
}
