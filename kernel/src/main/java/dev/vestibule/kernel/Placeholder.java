package dev.vestibule.kernel; final class Placeholder { private Placeholder() {} }
