package dev.vestibule.cli.vdso;
