package dev.vestibule.profile; final class Placeholder { private Placeholder() {} }
